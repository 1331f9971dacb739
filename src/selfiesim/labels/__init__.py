"""Labelled data sets: COCO, BOP, poses."""
