"""Keras, on any of the frameworks that it computes by."""
