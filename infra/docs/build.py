"""Builds the API reference from infra/openapi.yaml into target/docs. Called by `make docs`; runs in the environment of the AWS tools, which has a YAML parser.

The page works from a file and makes no requests to other sites: the renderer is in the same folder, and the page's Content-Security-Policy
forbids such requests.
"""

import json
import shutil
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = ROOT / "target" / "docs"
BUNDLE = "redoc.standalone.js"
PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self' 'unsafe-inline' file:; style-src 'unsafe-inline'; img-src data:; worker-src blob:">
    <title>myPhoto API</title>
    <style>body { margin: 0 }</style>
  </head>
  <body>
    <div id="reference"></div>
    <script src="BUNDLE"></script>
    <script>Redoc.init(DOCUMENT, { disableSearch: false, hideDownloadButton: true, nativeScrollbars: true, theme: { typography: { fontFamily: 'sans-serif', headings: { fontFamily: 'sans-serif' } } } }, document.getElementById('reference'))</script>
  </body>
</html>
"""


def without_extensions(node):
    """Returns the document without keys that begin with `x-`. They are only for API Gateway."""
    if isinstance(node, dict):
        return {key: without_extensions(value) for key, value in node.items() if not str(key).startswith("x-")}
    if isinstance(node, list):
        return [without_extensions(item) for item in node]
    return node


def main():
    document = without_extensions(yaml.safe_load((ROOT / "infra" / "openapi.yaml").read_text(encoding="utf-8")))
    # Omits the paths of pages, which are not part of the API, and greedy paths, which only API Gateway uses.
    document["paths"] = {path: methods for path, methods in document["paths"].items() if path.startswith("/v1/") and "{proxy+}" not in path}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "openapi.json").write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    # A script element ends at the first "</", also within a string.
    inline = json.dumps(document, ensure_ascii=False).replace("</", "<\\/")
    (OUT / "index.html").write_text(PAGE.replace("BUNDLE", BUNDLE).replace("DOCUMENT", inline), encoding="utf-8")
    for name in (BUNDLE, f"{BUNDLE}.LICENSE.txt"):
        shutil.copyfile(HERE / "node_modules" / "redoc" / "bundles" / name, OUT / name)
    print(f"file://{OUT / 'index.html'}")


if __name__ == "__main__":
    main()
