"""Expands features of AWS::LanguageExtensions that LocalStack's CloudFormation lacks: `Fn::ForEach` outside of Resources, and `DefaultValue` of `Fn::FindInMap`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""


def expand(template):
    """Returns the template in which loops are expanded and lookups with a DefaultValue are replaced by their result."""
    expanded = _without_loops(template)
    return _without_defaults(expanded, expanded["Mappings"]) if "Mappings" in expanded else expanded


def _without_loops(node):
    if isinstance(node, list):
        return [_without_loops(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {}
    for key, value in node.items():
        if not key.startswith("Fn::ForEach::"):
            found[key] = _without_loops(value)
            continue
        variable, items, body = value
        if not (isinstance(items, list) and all(isinstance(item, str) for item in items)):
            raise ValueError(f"{key}: the collection must be a list of strings, because the values of parameters are not available here")
        for item in items:
            found |= _without_loops(_replaced("${" + variable + "}", item, body))
    return found


def _replaced(placeholder, item, node):
    if isinstance(node, str):
        return node.replace(placeholder, item)
    if isinstance(node, list):
        return [_replaced(placeholder, item, part) for part in node]
    if not isinstance(node, dict):
        return node
    filled = {key.replace(placeholder, item): _replaced(placeholder, item, value) for key, value in node.items()}
    # An `Fn::Sub` in which no placeholder remains becomes a plain string, because Ref and GetAtt accept only strings.
    text = filled.get("Fn::Sub")
    return text if isinstance(text, str) and "${" not in text else filled


def _without_defaults(node, mappings):
    if isinstance(node, list):
        return [_without_defaults(item, mappings) for item in node]
    if not isinstance(node, dict):
        return node
    match node.get("Fn::FindInMap"):
        case [str(name), str(first), str(second), {"DefaultValue": default}]:
            return mappings.get(name, {}).get(first, {}).get(second, default)
    return {key: _without_defaults(value, mappings) for key, value in node.items()}
