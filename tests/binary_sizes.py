"""Fails if a function's release binary is larger than its limit (docs/benchmarks.md). Run by `make test`, with the Python of the AWS tools.

Functions with an S3 client may be larger. These are the functions to which template.yaml gives the variable PHOTOS_BUCKET. Functions that
contain the neural network for face detection may be larger still.
"""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BYTES_MAX = 9_000_000
BYTES_MAX_WITH_S3 = 10_000_000
BYTES_MAX_WITH_NETWORKS = 16_000_000
NETWORK = ROOT / "shared" / "pictures" / "model" / "face_detector.onnx"


class Template(yaml.SafeLoader):
    """Reads CloudFormation's short forms (`!Ref X`) as null, because this script does not use them."""


Template.add_multi_constructor("!", lambda loader, suffix, node: None)


def main():
    resources = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Template)["Resources"]
    functions = [one["Properties"] for one in resources.values() if isinstance(one, dict) and one.get("Type") == "AWS::Serverless::Function"]
    network = NETWORK.read_bytes()
    with_s3, with_networks, too_large = 0, 0, []
    for function in functions:
        has_s3 = "PHOTOS_BUCKET" in function.get("Environment", {}).get("Variables", {})
        with_s3 += has_s3
        binary = (ROOT / function["CodeUri"] / "bootstrap").read_bytes()
        has_networks = network in binary
        with_networks += has_networks
        limit = BYTES_MAX_WITH_NETWORKS if has_networks else BYTES_MAX_WITH_S3 if has_s3 else BYTES_MAX
        size = len(binary)
        if size > limit:
            too_large.append(f"{function['CodeUri']}/bootstrap has {size:,} bytes. The limit is {limit:,}")
    if not with_s3 or with_s3 == len(functions):
        too_large.append(f"{with_s3} of {len(functions)} functions have PHOTOS_BUCKET. Does it still identify the functions with an S3 client?")
    if not with_networks or with_networks == len(functions):
        too_large.append(f"{with_networks} of {len(functions)} functions contain {NETWORK.name}. Is it the network that these functions contain?")
    print("\n".join(too_large), end="\n" if too_large else "", file=sys.stderr)
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
