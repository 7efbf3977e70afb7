"""The files that a script ships to its service: which they are (`gathering`), and what they hold (`contents`).

Not what they mean: imports become requirements in `environments`, everything together becomes a bundle in `bundles`.
"""
