"""The processes of a stack: broker, ZooKeeper and cluster, started, watched and stopped.

`embedded.py` puts them together; the job that runs on them is submission/'s.
"""
