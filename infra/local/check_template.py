"""Counts the resources, parameters, outputs and bytes of template.yaml and its nested stacks after all transforms, and compares them with CloudFormation's limits.

AWS applies the transforms while it deploys, so the template itself does not show how many resources there are. This script applies the same transforms with the
same code: AWS::Include by reading the file, AWS::LanguageExtensions by the SAM CLI, AWS::Serverless by SAM's translator. Traffic shifting is turned on for the
count, because it adds a CodeDeploy resource for each function. Runs in the virtual environment of the AWS tools. `--list` prints the number of resources by type.
"""

import collections
import json
import logging
import os
import sys
from pathlib import Path

from samcli.lib.cfn_language_extensions.sam_integration import expand_language_extensions
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parents[2]
REGION = "eu-south-1"
TRAFFIC_SHIFT = "Canary10Percent5Minutes"
# CloudFormation's quotas are 500 resources, 200 parameters, 200 outputs and 1,000,000 bytes per template. These limits are lower, so that there is room for new functions.
LIMITS = {"resources": 400, "parameters": 150, "outputs": 150, "bytes": 900_000}


class NoManagedPolicies:
    """A loader of AWS's managed policies that returns none. SAM's translator requires one, but the template names no managed policy."""

    def load(self):
        return {}


def included(node):
    """Returns the document with every AWS::Include replaced by the included file."""
    if isinstance(node, list):
        return [included(item) for item in node]
    if not isinstance(node, dict):
        return node
    macro = node.get("Fn::Transform")
    if isinstance(macro, dict) and macro.get("Name") == "AWS::Include":
        return yaml_parse((ROOT / macro["Parameters"]["Location"]).read_text(encoding="utf-8"))
    return {key: included(value) for key, value in node.items()}


def expanded(path, parameters):
    """Returns the template as CloudFormation sees it after the transforms, with these parameters."""
    document = included(yaml_parse(path.read_text(encoding="utf-8")))
    transforms = document.pop("Transform", [])
    if "AWS::LanguageExtensions" in transforms:
        document["Transform"] = "AWS::LanguageExtensions"
        document = expand_language_extensions(document, parameter_values=parameters, enabled=True).expanded_template
    if "AWS::Serverless-2016-10-31" not in transforms:
        return document
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # The translator does not accept a folder as CodeUri. `sam deploy` replaces the folder by a URL like this one.
            resource["Properties"]["CodeUri"] = "s3://artifacts/code.zip"
    for name, value in parameters.items():
        document["Parameters"][name]["Default"] = value
    return transform(document, parameters, NoManagedPolicies())


def measures(template):
    return {
        "resources": len(template["Resources"]),
        "parameters": len(template.get("Parameters", {})),
        "outputs": len(template.get("Outputs", {})),
        "bytes": len(json.dumps(template, ensure_ascii=False).encode()),
    }


def templates():
    """Yields a name and the expanded template for template.yaml and each of its nested stacks."""
    root = expanded(ROOT / "template.yaml", {"TrafficShift": TRAFFIC_SHIFT})
    yield "template.yaml", root
    for resource in root["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            location = resource["Properties"]["TemplateURL"]
            yield location, expanded(ROOT / location, {})


def main(arguments):
    # Silences the translator's warnings, which concern features of SAM that the template does not use.
    logging.disable(logging.WARNING)
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    found = []
    for name, template in templates():
        measured = measures(template)
        found += [f"{name} has {value} {unit}, and the limit is {LIMITS[unit]}" for unit, value in measured.items() if value > LIMITS[unit]]
        if arguments == ["--list"]:
            print(f"{name}: {', '.join(f'{value} {unit}' for unit, value in measured.items())}")
            for kind, count in collections.Counter(resource["Type"] for resource in template["Resources"].values()).most_common():
                print(f"  {count:4} {kind}")
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
