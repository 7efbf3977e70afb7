"""The names of a script: which are defined nowhere (`unknown`), and whether it surely comes to them (`reaching`).

Not what the names hold in a notebook: that is `capture`.
"""
