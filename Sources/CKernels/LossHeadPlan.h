#pragma once
// How LossHead.cpp cuts its work: axes, tiles, bands, scratch memory.
#include <algorithm>
#include <cmath>
#include <vector>

#include "LossHead.h"
#include "LossTile.h"

// Up-sampling by an integer factor R puts R pixels around each source column; pixel k of each group has the
// same two weights. A tile therefore holds a block of source columns x all phases k: source columns are the
// lanes, and interpolation and its transpose need neither gathers nor sums across lanes. Other ratios are the
// same with some lanes empty and weights that differ from lane to lane.

namespace jml {

/// Where the pixels of one full-resolution axis lie between low-resolution ones. Each belongs to the nearest.
struct Axis {
  long cells, padded, phases = 1;
  std::vector<float> left, right;   // [phases, padded]: weights of the neighbours
  std::vector<int32_t> pixel;       // [phases, padded]: full-resolution index, -1 where there is none

  Axis(long cells, long pixels, long multiple)
      : cells(cells), padded((cells + multiple - 1) / multiple * multiple) {
    std::vector<long> filled(cells, 0);
    for (long x = 0; x < pixels; ++x) phases = std::max(phases, ++filled[nearest(x, pixels)]);
    left.assign(phases * padded, 0.f);
    right.assign(phases * padded, 0.f);
    pixel.assign(phases * padded, -1);
    std::fill(filled.begin(), filled.end(), 0);
    for (long x = 0; x < pixels; ++x) {
      const long cell = nearest(x, pixels), slot = filled[cell]++ * padded + cell;
      const double offset = position(x, pixels) - double(cell);
      left[slot] = float(std::max(-offset, 0.0));
      right[slot] = float(std::max(offset, 0.0));
      pixel[slot] = int32_t(x);
    }
  }
  /// Half-pixel centres. Beyond the outermost centres the neighbour is a copy of the border.
  double position(long x, long pixels) const {
    return (double(x) + 0.5) * double(cells) / double(pixels) - 0.5;
  }
  long nearest(long x, long pixels) const {
    return std::min(std::max(long(std::floor(position(x, pixels) + 0.5)), 0L), cells - 1);
  }
};

constexpr long margin = 16;      // floats before and after an interpolated row; keeps its start aligned
constexpr long targetUnits = 32;  // work units a call is cut into, whatever the number of threads
constexpr long perLane = 18;     // one-row arrays of a tile
constexpr long tileArrays = 7;   // [classes, lanes] arrays of a tile

/// An output row: its nearest source row, the other one, and that one's weight.
struct RowSource {
  long nearest, other;
  float weight;
};

inline std::vector<RowSource> rowSources(long rows, long height) {
  const Axis down(rows, height, 1);
  std::vector<RowSource> sources;
  for (long y = 0; y < height; ++y) {
    const long nearest = down.nearest(y, height);
    const double offset = down.position(y, height) - double(nearest);
    const long other = std::min(std::max(nearest + (offset < 0 ? -1 : 1), 0L), rows - 1);
    sources.push_back({nearest, other, float(std::fabs(offset))});
  }
  return sources;
}

struct Layout {
  Axis across, teacherAcross;
  std::vector<RowSource> rows, teacherRows;  // [height]
  bool sameColumns, isSeries;
  long block, lanes, rowStride, teacherRowStride, bandRows, bands, units;
  long scratchFloats, haloFloats, partialDoubles;

  explicit Layout(const jml_loss_head &head)
      : across(head.columns, head.width, lanesPerVector),
        teacherAcross(head.teacher ? head.teacher_columns : 1, head.width, lanesPerVector),
        rows(rowSources(head.rows, head.height)),
        teacherRows(rowSources(head.teacher ? head.teacher_rows : 1, head.height)),
        sameColumns(head.teacher_columns == head.columns),
        isSeries(head.width == head.columns * across.phases && across.phases >= 4 && across.phases % 2 == 0) {
    block = std::min(across.padded, lanesPerVector * std::max(1L, 8 / across.phases));
    lanes = block * across.phases;
    rowStride = across.padded + 2 * margin;
    teacherRowStride = teacherAcross.padded + 2 * margin;
    const long each = (targetUnits + head.batch - 1) / head.batch;
    bandRows = std::max(1L, (head.rows + each - 1) / each);
    bands = (head.rows + bandRows - 1) / bandRows;
    units = head.batch * bands;
    haloFloats = head.classes * 2 * head.columns;
    partialDoubles = head.classes * jml_total_count + 2;
    const long tile = perLane * lanes + tileArrays * head.classes * lanes;
    const long maxima = 4 * head.classes * lanesPerVector;
    scratchFloats = head.classes * (2 * rowStride + teacherRowStride) + tile + maxima;
  }
  static long padded(long floats) { return (floats + 15) / 16 * 16; }
};

/// What one pass does; pointers may be null.
struct Pass {
  const jml_loss_head &head;
  const Layout &layout;
  const RowSource *rows, *teacherRows;  // [height]
  bool maxima = false, totals = false, values = false;
  const float *coefficients = nullptr;  // [batch, classes, 3]
  float crossEntropy = 0, divergence = 0;
  float *gradient = nullptr, *halos = nullptr;
  double *partials = nullptr;

  Pass(const jml_loss_head &head, const Layout &layout)
      : head(head), layout(layout), rows(layout.rows.data()), teacherRows(layout.teacherRows.data()) {}
};

/// Scratch memory of one thread.
struct Scratch {
  float *row, *gradientRow, *teacherRow;
  float *greatest, *sums, *inverse, *keep, *base, *target, *labelLogit, *logitTotal, *mean, *correction;
  float *teacherGreatest, *teacherSums, *teacherInverse, *hotSums, *teacherHotSums;
  int32_t *offset, *label, *column;
  float *logits, *weights, *teacherLogits, *teacher, *work, *hot, *teacherHot;
  float *maxima;

  Scratch(float *memory, const jml_loss_head &head, const Layout &layout) {
    auto take = [&](long floats) {
      float *start = memory;
      memory += floats;
      return start;
    };
    row = take(head.classes * layout.rowStride);
    gradientRow = take(head.classes * layout.rowStride);
    teacherRow = take(head.classes * layout.teacherRowStride);
    for (float **array :
         {&greatest, &sums, &inverse, &keep, &base, &target, &labelLogit, &logitTotal, &mean,
          &correction, &teacherGreatest, &teacherSums, &teacherInverse, &hotSums, &teacherHotSums})
      *array = take(layout.lanes);
    offset = reinterpret_cast<int32_t *>(take(layout.lanes));
    label = reinterpret_cast<int32_t *>(take(layout.lanes));
    column = reinterpret_cast<int32_t *>(take(layout.lanes));
    for (float **array : {&logits, &weights, &teacherLogits, &teacher, &work, &hot, &teacherHot})
      *array = take(head.classes * layout.lanes);
    maxima = take(4 * head.classes * lanesPerVector);
  }
};

/// One output row between two source rows, [classes, stride], its borders repeated once.
JML_INLINE void interpolateRow(
    const float *image, long classes, long rows, long columns, const RowSource &source, long padded,
    long stride, float *out) {
  const float weight = source.weight;
  for (long c = 0; c < classes; ++c) {
    const float *__restrict a = image + (c * rows + source.nearest) * columns;
    const float *__restrict b = image + (c * rows + source.other) * columns;
    float *__restrict target = out + c * stride + margin;
    for (long x = 0; x < columns; ++x) target[x] = a[x] + weight * (b[x] - a[x]);
    target[-1] = target[0];
    for (long x = columns; x < padded + 1; ++x) target[x] = target[columns - 1];
  }
}

}  // namespace jml
