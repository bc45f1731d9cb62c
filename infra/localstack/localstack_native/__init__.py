"""Runs this project's stack on LocalStack 4.14.0 without Docker: a Lambda executor for native processes, and mends of LocalStack's gaps.

`infra/local/emulators.py` puts this folder on PYTHONPATH. LocalStack finds the entry points in the dist-info folder beside this package."""
