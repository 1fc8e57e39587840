"""Record a run and carry it out again from its recording.

``recorder.py`` keeps what calls give, ``recording.py`` reads that back, ``replay.py`` answers with it and compares,
``start.py`` sets a replay going, ``model.py`` makes a model of it for tests. ``tape.py`` is the joint: what a call goes
through in either case. ``redact.py`` takes secrets out, ``differences.py`` names the first place where two values part.
"""
