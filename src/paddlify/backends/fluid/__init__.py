"""The program in the words of Fluid 1.8: `__model__` and its parameters.

`desc` is a `ProgramDesc` as Python values, `rules` says Paddle 3's operators in Fluid's, `legalise` applies the rules
and refuses what cannot be said, `write` makes the folder.
"""
