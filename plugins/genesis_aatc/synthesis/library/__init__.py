"""The functions that a program made from examples may carry along.

The search calls them and `emit` copies their source, so a program does exactly what the search saw it do.
A module here holds functions and tables only; a function refuses what it can't do with a ValueError.
"""
