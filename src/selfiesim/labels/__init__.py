"""Labels of rendered frames, and labelled data sets: COCO, BOP, and tables of poses."""
