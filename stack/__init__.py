"""The embedded stack: a Kafka broker and a Flink cluster as supervised child processes.

Here belong their configuration, start, stop and state, the topics, and small clients of the
cluster. Each sub-folder imports only those before it: clients, services, submission, health. What
the job computes, and anything that prints to a person, does not belong here.
"""
