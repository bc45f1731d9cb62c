"""A plugin that lets LocalStack 4.14.0 run this project's stack without Docker. It consists of a Lambda executor for native processes, and
of patches for features that LocalStack lacks.

`infra/local/emulators.py` puts the folder of this package on PYTHONPATH. LocalStack finds the plugin's entry points in the dist-info folder next to the package.
"""
