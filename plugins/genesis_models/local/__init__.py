"""Models that run on this machine: pinned weights, fetched on request, behind a server of our own on loopback.

``weights.toml`` pins what can be fetched, ``_weights.py`` reads it, ``_fetch.py`` gets it, ``serve.py`` is the child
process that loads it, ``_server.py`` starts and ends that child, ``_provider.py`` makes models of it.
"""
