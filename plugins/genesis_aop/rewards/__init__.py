"""What outcomes teach: how likely an agent does a skill's tasks, and how far the terms of a plan's score foretell it.

``facts`` takes outcomes apart, ``terms`` says what a score is made of and what holds before anything is learned,
``success`` and ``weights`` learn from outcomes, ``learn`` compares what was learned with what is fixed on runs it has
not seen, ``known`` is the result, ``file`` keeps it, ``book`` answers ``genesis rewards``.
"""
