"""One sentence about the failures that people run into again and again, given only where its condition is proven.

It is found where the failure happens: there are the exception, the files that the script sees and the packages it has.
"""
