#!/usr/bin/env python3
"""Prints what TensorBoard's own reader finds in a folder of event files, as JSON: scalars of each run by tag as
[step, wall time, value], texts by tag.

    .venv/bin/python read_events.py FOLDER
"""
import json
import sys

from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.backend.event_processing import tag_types
from tensorboard.util import tensor_util


def read(folder):
    # 0: no sampling.
    multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance={"scalars": 0, "text": 0},
                                                            size_guidance={tag_types.TENSORS: 0})
    multiplexer.AddRunsFromDirectory(folder)
    multiplexer.Reload()
    found = {}
    for run in sorted(multiplexer.Runs()):
        scalars, texts = {}, {}
        for tag in sorted(multiplexer.PluginRunToTagToContent("scalars").get(run, {})):
            scalars[tag] = [[event.step, event.wall_time, float(tensor_util.make_ndarray(event.tensor_proto))]
                            for event in multiplexer.Tensors(run, tag)]
        for tag in sorted(multiplexer.PluginRunToTagToContent("text").get(run, {})):
            event = multiplexer.Tensors(run, tag)[-1]
            texts[tag] = tensor_util.make_ndarray(event.tensor_proto).ravel()[0].decode()
        found[run] = {"scalars": scalars, "texts": texts}
    return found


if __name__ == "__main__":
    print(json.dumps(read(sys.argv[1]), indent=2, sort_keys=True))
