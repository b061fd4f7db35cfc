"""The stages of the job: what becomes of a batch of messages and the states of their keys.

Belongs here: the way of a batch through one stage, what it counts, and what a failure costs.
Does not: Flink, Java and the shape of rows (jobs/flink_edge/); what computes (features/, scoring/).
"""
