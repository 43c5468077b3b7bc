"""The vocabulary that every room shares: objects, refs, field errors, statuses, quantities, selectors, names.

Nothing here holds state or knows a particular cluster.
"""
