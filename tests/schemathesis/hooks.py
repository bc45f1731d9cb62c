"""Hooks of Schemathesis. They count the response statuses of each operation in the file SEEN, and sign the application's requests.

All data of a signed request is in its JWT, which the OpenAPI document cannot describe. So the hooks generate the claims themselves: some valid, some
invalid, always with a valid signature."""

import atexit
import base64
import collections
import json
import os
import random
import time

import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

COUNTS = collections.defaultdict(collections.Counter)
CALLER = json.loads(os.environ["CALLER"])
KEY = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(CALLER["key"])) if "key" in CALLER else None
CHANCE = random.Random(os.environ.get("SEED", "1"))
ODD = ["", " ", "\u0000", "α" * 64, "x" * 65, "x" * 2000, 0, -1, 1.5, 1e30, True, None, [], ["face"], {}, {"a": 1}]
PULL = CALLER.get("pull", "")
CLAIMS = {
    "/v1/pulls": {"sub": [CALLER.get("subject"), "afm:123456789", "amka:01018012342", "afm:"], "image": ["face", "signature"], "case": ["1", "α/β 7"]},
    "/v1/verdicts": {
        "pull": [PULL, PULL, PULL[:-1], PULL.swapcase()],
        "verdict": ["accepted", "refused"],
        "reason": ["glasses", "other", "none of these"],
        "text": ["Φοράει γυαλιά.", "α" * 500, "α" * 501, "line\nline"],
    },
}


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(path):
    now = int(time.time())
    claims = {"iss": CALLER["id"], "aud": os.environ["MYPHOTO_URL"] + path, "iat": now, "exp": now + 30, "jti": f"s-{CHANCE.getrandbits(64):x}"}
    for name, values in CLAIMS[path].items():
        # An accepted verdict must not have a reason, and a refused one needs it. So optional claims are present in half of the requests.
        if CHANCE.random() < (0.5 if name in ("reason", "text") else 0.95):
            claims[name] = CHANCE.choice(values if CHANCE.random() < 0.9 else ODD)
    if CHANCE.random() < 0.2:
        claims[CHANCE.choice([*claims, "more"])] = CHANCE.choice(ODD)
    header = {"alg": "EdDSA", "kid": CALLER["kid"], "typ": "JWT"}
    message = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    return f"{message}.{encoded(KEY.sign(message.encode()))}"


@schemathesis.hook
def before_call(context, case, kwargs):
    # Generated identifiers do not exist and are all rejected alike. So half of the requests use identifiers that exist.
    if isinstance(case.body, dict):
        for name, value in CALLER.get("body", {}).items():
            if name in case.body and CHANCE.random() < 0.5:
                case.body[name] = value
    # One request in ten is sent as Schemathesis generated it.
    if KEY and CHANCE.random() < 0.9:
        case.headers["Authorization"] = f"Bearer {token(case.operation.path)}"


@schemathesis.hook
def after_call(context, case, response):
    COUNTS[case.operation.definition.raw["operationId"]][response.status_code] += 1


@atexit.register
def write_counts():
    with open(os.environ["SEEN"], "w", encoding="utf-8") as file:
        json.dump(COUNTS, file)
