#!/usr/bin/env python3
"""Writes Tests/EventFilesTests/Fixtures/events.out.tfevents.recorded: records that TensorBoard's own EventFileWriter
made of known events. EventFilesTests compares the package's encoder with them byte for byte.

    .venv/bin/python record_events.py
"""
import pathlib
import struct
import tempfile

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

TARGET = pathlib.Path(__file__).parents[1] / "EventFilesTests/Fixtures/events.out.tfevents.recorded"


def scalars(values):
    return summary_pb2.Summary(
        value=[summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in values])


def text(tag, content):
    data = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
    shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)])
    tensor = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_STRING, string_val=[content.encode()], tensor_shape=shape)
    metadata = summary_pb2.SummaryMetadata(plugin_data=data)
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, tensor=tensor, metadata=metadata)])


def events():
    yield event_pb2.Event(file_version="brain.Event:2")
    yield event_pb2.Event(summary=text("spec", "# ε = 0.5\n" + "    {}\n" * 60))
    yield event_pb2.Event(wall_time=0.75, step=1, summary=scalars([("loss/total", 3.25), ("learning_rate", 0.0)]))
    # Steps and lengths of more than seven bits, a number that float32 rounds, a negative one.
    yield event_pb2.Event(wall_time=1e9 / 3, step=40000, summary=scalars([("evaluation/miou", 0.1), ("x" * 200, -2.5)]))


def main():
    with tempfile.TemporaryDirectory() as folder:
        writer = EventFileWriter(folder)
        for event in events():
            writer.add_event(event)
        writer.close()
        (path,) = pathlib.Path(folder).iterdir()
        data = path.read_bytes()
    # The writer's own first record has the time of day.
    (length,) = struct.unpack("<Q", data[:8])
    TARGET.write_bytes(data[8 + 4 + length + 4:])


if __name__ == "__main__":
    main()
