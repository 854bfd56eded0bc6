"""Benchmarks: this proxy beside nginx and HAProxy, one core each, on one machine.

``python -m benchmarks.speed``, ``.memory`` and ``.latency`` each print what they
found and can write it as JSON. Nothing here is imported by the proxy.
"""
