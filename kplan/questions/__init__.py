"""Questions to a simulated cluster: why a pod is where it is, what still fits, what a drain does, who reaches whom.

Each takes a Cluster that has come to rest and answers with a value; reports draw it.
"""
