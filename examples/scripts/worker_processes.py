"""
Several processes
=================

Pictures from several processes: scenes go to the workers of a ProcessPoolExecutor, and photographs come back.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from selfiesim import Photo, Scene


def draw(scene: Scene, seconds: float) -> Photo:
    """Take the photograph some seconds after the release."""
    return scene.view(at=seconds).render("draft").expose()


if __name__ == "__main__":  # the workers import this file
    # Setup: a small image, so that the example runs in seconds.
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[160, 90])
    times = [30.0, 45.0, 60.0, 75.0]

    # Action: spawned workers render by themselves. Forked ones work as well, but if this process had rendered before,
    # each would start another process to render for it.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as workers:
        photos = list(workers.map(partial(draw, scene), times))
    for photo in photos:
        print(photo.radiance.view)

    # Validation: photographs, their light and their views compare equal to those of this process.
    mine = [draw(scene, seconds) for seconds in times]
    assert photos == mine
    assert photos[0] != photos[1]
    assert photos[0].radiance.view.after(15.0) == mine[1].radiance.view
