#include "LossHead.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "LossTile.h"
#include "Parallel.h"

// Up-sampling by an integer factor R puts R pixels around each source column; pixel k of each group has the same
// two weights. A tile therefore holds a block of source columns x all phases k: source columns are the lanes, and
// interpolation and its transpose need neither gathers nor sums across lanes. Other ratios are the same with some
// lanes empty and weights that differ from lane to lane.

namespace {

using namespace jml;

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
  double position(long x, long pixels) const { return (double(x) + 0.5) * double(cells) / double(pixels) - 0.5; }
  long nearest(long x, long pixels) const {
    return std::min(std::max(long(std::floor(position(x, pixels) + 0.5)), 0L), cells - 1);
  }
};

constexpr long margin = 16;      // floats before and after an interpolated row; keeps its start aligned
constexpr long targetUnits = 32;  // work units a call is cut into, whatever the number of threads
constexpr long perLane = 16;     // one-row arrays of a tile
constexpr long tileArrays = 7;   // [classes, lanes] arrays of a tile

/// An output row: its nearest source row, the other one, and that one's weight.
struct RowSource {
  long nearest, other;
  float weight;
};

std::vector<RowSource> rowSources(long rows, long height) {
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
  bool sameColumns;
  long block, lanes, rowStride, teacherRowStride, bandRows, bands, units;
  long scratchFloats, haloFloats, partialDoubles;

  explicit Layout(const jml_loss_head &head)
      : across(head.columns, head.width, lanesPerVector),
        teacherAcross(head.teacher ? head.teacher_columns : 1, head.width, lanesPerVector),
        rows(rowSources(head.rows, head.height)),
        teacherRows(rowSources(head.teacher ? head.teacher_rows : 1, head.height)), sameColumns(head.teacher_columns == head.columns) {
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
  const RowSource *rows, *teacherRows;
  bool maxima, totals, values;
  const float *coefficients;
  float crossEntropy, divergence;
  float *gradient, *halos;
  double *partials;
};

/// Scratch memory of one thread.
struct Scratch {
  float *row, *gradientRow, *teacherRow;
  float *greatest, *sums, *inverse, *keep, *base, *target, *logitTotal, *mean, *correction;
  float *teacherGreatest, *teacherSums, *teacherInverse, *hotSums, *teacherHotSums;
  int32_t *offset, *column;
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
         {&greatest, &sums, &inverse, &keep, &base, &target, &logitTotal, &mean, &correction, &teacherGreatest,
          &teacherSums, &teacherInverse, &hotSums, &teacherHotSums})
      *array = take(layout.lanes);
    offset = reinterpret_cast<int32_t *>(take(layout.lanes));
    column = reinterpret_cast<int32_t *>(take(layout.lanes));
    for (float **array : {&logits, &weights, &teacherLogits, &teacher, &work, &hot, &teacherHot})
      *array = take(head.classes * layout.lanes);
    maxima = take(4 * head.classes * lanesPerVector);
  }
};

/// One output row between two source rows, [classes, stride], its borders repeated once.
JML_INLINE void interpolateRow(
    const float *image, long classes, long rows, long columns, const RowSource &source, long padded, long stride,
    float *out) {
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

/// Labels of a tile's lanes: keep, offset into [classes, lanes] of the label's probability (-1 if ignored), and the
/// soft label's value at the other classes (base) and at the label's (target).
JML_INLINE void readLabels(
    const Pass &pass, const Scratch &s, const uint8_t *labels, const uint8_t *boundary, long first, long cells) {
  const jml_loss_head &head = pass.head;
  const Axis &across = pass.layout.across;
  const long lanes = cells * across.phases;
  const float low = boundary ? head.epsilon / float(head.classes) : 0.f;
  const float high = boundary ? 1.f - head.epsilon + low : 1.f;
  for (long k = 0; k < across.phases; ++k)
    for (long j = 0; j < cells; ++j) {
      const long lane = k * cells + j, x = across.pixel[k * across.padded + first + j];
      const long label = x < 0 ? 256 : labels[x];
      const bool kept = label < head.classes && label != head.ignore;
      const bool soft = kept && boundary && boundary[x];
      s.offset[lane] = kept ? int32_t(label * lanes + lane) : -1;
      s.keep[lane] = kept ? 1.f : 0.f;
      s.base[lane] = soft ? low : 0.f;
      s.target[lane] = !kept ? 0.f : soft ? high : 1.f;
    }
}

/// Teacher logits of a tile where its columns do not line up with the student's.
JML_INLINE void gatherTeacher(
    const Pass &pass, const Scratch &s, long first, long cells) {
  const jml_loss_head &head = pass.head;
  const Axis &across = pass.layout.across;
  const long lanes = cells * across.phases;
  for (long lane = 0; lane < lanes; ++lane) {
    const long x = across.pixel[lane / cells * across.padded + first + lane % cells];
    const double position = x < 0 ? 0 : pass.layout.teacherAcross.position(x, head.width);
    const long before = std::max(-1L, long(std::floor(position)));
    s.column[lane] = int32_t(margin + before);
    s.correction[lane] = float(position - double(before));
  }
  for (long c = 0; c < head.classes; ++c) {
    const float *row = s.teacherRow + c * pass.layout.teacherRowStride;
    for (long l = 0; l < lanes; ++l) {
      const float a = row[s.column[l]], b = row[s.column[l] + 1];
      s.teacherLogits[c * lanes + l] = a + s.correction[l] * (b - a);
    }
  }
  for (long l = 0; l < lanes; l += lanesPerVector) {
    Vector best = at(s.teacherLogits + l);
    for (long c = 1; c < head.classes; ++c) raise(best, at(s.teacherLogits + c * lanes + l));
    at(s.teacherGreatest + l) = best;
  }
}

/// Cross entropy of a tile against the label, summed over kept lanes; KL form, so zero at p = y also for soft y.
template <bool soft>
JML_INLINE double labelValue(const Pass &pass, const Scratch &s, long lanes) {
  double total = logSum(s.sums, s.keep, lanes);
  const float classes = float(pass.head.classes);
  double entropy = 0;
  if (soft && pass.head.epsilon > 0) {
    const double low = pass.head.epsilon / classes, high = 1.0 - pass.head.epsilon + low;
    entropy = (high > 0 ? high * std::log(high) : 0) + (pass.head.classes - 1) * low * std::log(low);
  }
  for (long l = 0; l < lanes; ++l) {
    if (s.offset[l] < 0) continue;
    const float margin = s.greatest[l] - s.logits[s.offset[l]];
    if (soft && s.base[l] > 0) {
      total += entropy + (s.target[l] - s.base[l]) * margin;
      total += s.base[l] * (classes * s.greatest[l] - s.logitTotal[l]);
    } else {
      total += margin;
    }
  }
  return total;
}

/// T^2 KL(t || p) at temperature T, summed over kept lanes; p and t (unnormalised weights) at that temperature.
JML_INLINE double teacherValue(
    const Pass &pass, const Scratch &s, const float *teacher, const float *sums, const float *teacherSums,
    long lanes) {
  const float temperature = pass.head.temperature;
  double total = logSum(sums, s.keep, lanes) - logSum(teacherSums, s.keep, lanes);
  for (long l = 0; l < lanes; l += lanesPerVector) {
    const Vector top = at(s.greatest + l), teacherTop = at(s.teacherGreatest + l);
    Vector mean = {};
    for (long c = 0; c < pass.head.classes; ++c) {
      const long i = c * lanes + l;
      mean += at(teacher + i) * ((at(s.teacherLogits + i) - teacherTop) - (at(s.logits + i) - top));
    }
    total += sum(mean * (1.f / temperature) * at(s.keep + l) / at(teacherSums + l));
  }
  return total * temperature * temperature;
}

/// Totals of a hard tile: |p - y| needs only p at the label's class. `weights` are unnormalised.
JML_INLINE void hardTotals(const Pass &pass, const Scratch &s, long lanes, double *partial) {
  for (long c = 0; c < pass.head.classes; ++c) {
    Vector total = {};
    Vector best = {};
    for (long l = 0; l < lanes; l += lanesPerVector) {
      const Vector p = at(s.weights + c * lanes + l) * at(s.inverse + l);
      total += p;
      raise(best, p);
    }
    raise(at(s.maxima + c * lanesPerVector), best);
    raise(at(s.maxima + (pass.head.classes + c) * lanesPerVector), best);
    const double value = sum(total);
    partial[c * jml_total_count + jml_total_probability] += value;
    partial[c * jml_total_count + jml_total_label_distance] += value;
  }
}

/// Totals of a tile with soft targets; `weights` and `teacher` are probabilities.
template <bool distil>
JML_INLINE void softTotals(const Pass &pass, const Scratch &s, long lanes, double *partial) {
  for (long c = 0; c < pass.head.classes; ++c) {
    Vector total = {}, distance = {}, teacherTotal = {}, teacherDistance = {};
    float *best = s.maxima + c * lanesPerVector;
    const long step = pass.head.classes * lanesPerVector;
    for (long l = 0; l < lanes; l += lanesPerVector) {
      const Vector p = at(s.weights + c * lanes + l);
      Vector difference = p - at(s.base + l);
      magnitude(difference);
      total += p;
      distance += difference;
      if (distil) {
        const Vector t = at(s.teacher + c * lanes + l);
        difference = p - t;
        magnitude(difference);
        teacherTotal += t;
        teacherDistance += difference;
        if (pass.maxima) {
          raise(at(best + 2 * step), t);
          raise(at(best + 3 * step), p + t);
        }
      }
      if (pass.maxima) {
        raise(at(best), p);
        raise(at(best + step), p + at(s.base + l));
      }
    }
    double *row = partial + c * jml_total_count;
    row[jml_total_probability] += sum(total);
    row[jml_total_label_distance] += sum(distance);
    if (distil) {
      row[jml_total_teacher] += sum(teacherTotal);
      row[jml_total_teacher_distance] += sum(teacherDistance);
    }
  }
}

/// The label's own class, which the sweeps above took for any other. `p`: probability at the label.
JML_INLINE void correctTotals(const Pass &pass, const Scratch &s, long lanes, bool normalised, double *partial) {
  for (long l = 0; l < lanes; ++l) {
    if (s.offset[l] < 0) continue;
    const float p = s.weights[s.offset[l]] * (normalised ? 1.f : s.inverse[l]);
    double *row = partial + s.offset[l] / lanes * jml_total_count;
    row[jml_total_label_distance] += std::fabs(p - s.target[l]) - std::fabs(p - s.base[l]);
    if (pass.maxima)
      row[jml_total_max_label_sum] = std::max(row[jml_total_max_label_sum], double(p + s.target[l]));
  }
}

/// Gradient by the logits of a hard tile, into `weights`. With h the gradient by p, g = p (h - sum p h); h is one
/// number a class everywhere but at the label, so that sum p h was collected with the softmax.
JML_INLINE void hardGradient(
    const Pass &pass, const Scratch &s, const float *slopes, const float *coefficients, long lanes) {
  for (long l = 0; l < lanes; ++l) {
    const long offset = s.offset[l];
    s.correction[l] = 0;
    if (offset < 0 || !coefficients) continue;
    const float p = s.weights[offset] * s.inverse[l];
    s.correction[l] = -2.f * p * coefficients[offset / lanes * 3 + 1];
  }
  for (long l = 0; l < lanes; l += lanesPerVector) {
    const Vector mean = at(s.mean + l) * at(s.inverse + l) + at(s.correction + l);
    at(s.mean + l) = (pass.crossEntropy - mean) * at(s.inverse + l);
  }
  for (long c = 0; c < pass.head.classes; ++c)
    for (long l = 0; l < lanes; l += lanesPerVector)
      at(s.weights + c * lanes + l) *= at(s.inverse + l) * slopes[c] + at(s.mean + l);
  for (long l = 0; l < lanes; ++l)
    if (s.offset[l] >= 0) s.weights[s.offset[l]] += s.correction[l] - pass.crossEntropy;
}

/// Gradient by the logits of a tile with soft targets, into `work`; `weights` and `teacher` are probabilities.
template <bool distil>
JML_INLINE void softGradient(const Pass &pass, const Scratch &s, const float *coefficients, long lanes) {
  const long classes = pass.head.classes;
  for (long l = 0; l < lanes; l += lanesPerVector) {
    Vector mean = {};
    for (long c = 0; c < classes && coefficients; ++c) {
      const Vector p = at(s.weights + c * lanes + l);
      Vector slope = p - at(s.base + l);
      signTimes(slope, coefficients[c * 3 + 1]);
      slope += coefficients[c * 3];
      if (distil) {
        Vector other = p - at(s.teacher + c * lanes + l);
        signTimes(other, coefficients[c * 3 + 2]);
        slope += other;
      }
      at(s.work + c * lanes + l) = slope;
      mean += p * slope;
    }
    at(s.mean + l) = mean;
  }
  auto sign = [](float v) { return float((v > 0) - (v < 0)); };
  for (long l = 0; l < lanes && coefficients; ++l) {
    const long offset = s.offset[l];
    if (offset < 0) continue;
    const float p = s.weights[offset];
    const float change = coefficients[offset / lanes * 3 + 1] * (sign(p - s.target[l]) - sign(p - s.base[l]));
    s.work[offset] += change;
    s.mean[l] += p * change;
  }
  const bool hot = pass.head.temperature != 1.f;
  const float divergence = pass.divergence * pass.head.temperature;
  for (long c = 0; c < classes; ++c)
    for (long l = 0; l < lanes; l += lanesPerVector) {
      const long i = c * lanes + l;
      const Vector p = at(s.weights + i);
      Vector g = pass.crossEntropy * (p - at(s.base + l));
      if (coefficients) g += p * (at(s.work + i) - at(s.mean + l));
      if (distil) g += divergence * (hot ? at(s.hot + i) - at(s.teacherHot + i) : p - at(s.teacher + i));
      at(s.work + i) = g;
    }
  for (long l = 0; l < lanes; ++l)
    if (s.offset[l] >= 0) s.work[s.offset[l]] -= pass.crossEntropy * (s.target[l] - s.base[l]);
}

/// One band of source rows of one image: every output row whose nearest source row is in it.
template <bool soft, bool distil>
JML_INLINE void processUnit(const Pass &pass, const Scratch &s, long unit) {
  const jml_loss_head &head = pass.head;
  const Layout &layout = pass.layout;
  const Axis &across = layout.across;
  const long classes = head.classes, image = unit / layout.bands;
  const long firstRow = unit % layout.bands * layout.bandRows;
  const long lastRow = std::min(head.rows, firstRow + layout.bandRows);
  const long plane = head.rows * head.columns;
  const bool hot = head.temperature != 1.f;
  double *partial = pass.partials + unit * layout.partialDoubles;
  double *values = partial + classes * jml_total_count;
  const float *coefficients = pass.coefficients ? pass.coefficients + image * classes * 3 : nullptr;
  std::fill(partial, partial + layout.partialDoubles, 0.0);
  std::fill(s.maxima, s.maxima + 4 * classes * lanesPerVector, 0.f);

  float slopes[256];
  for (long c = 0; c < classes; ++c) slopes[c] = coefficients ? coefficients[c * 3] + coefficients[c * 3 + 1] : 0.f;
  float *gradient = pass.gradient ? pass.gradient + image * classes * plane : nullptr;
  float *halo = pass.halos ? pass.halos + unit * layout.haloFloats : nullptr;
  if (gradient) {
    for (long c = 0; c < classes; ++c)
      memset(
          gradient + c * plane + firstRow * head.columns, 0, (lastRow - firstRow) * head.columns * sizeof(float));
    memset(halo, 0, layout.haloFloats * sizeof(float));
  }

  // Output rows are in the order of their nearest source rows.
  for (long y = 0; y < head.height; ++y) {
    const RowSource source = pass.rows[y];
    if (source.nearest < firstRow) continue;
    if (source.nearest >= lastRow) break;
    interpolateRow(
        head.logits + image * classes * plane, classes, head.rows, head.columns, source, across.padded,
        layout.rowStride, s.row);
    if (distil)
      interpolateRow(
          head.teacher + image * classes * head.teacher_rows * head.teacher_columns, classes, head.teacher_rows,
          head.teacher_columns, pass.teacherRows[y], layout.teacherAcross.padded, layout.teacherRowStride,
          s.teacherRow);
    if (gradient) memset(s.gradientRow, 0, classes * layout.rowStride * sizeof(float));

    for (long first = 0; first < across.padded; first += layout.block) {
      const long cells = std::min(layout.block, across.padded - first), lanes = cells * across.phases;
      const float *left = across.left.data() + first, *right = across.right.data() + first;
      const long pixels = (image * head.height + y) * head.width;
      readLabels(pass, s, head.labels + pixels, soft && head.boundary ? head.boundary + pixels : nullptr, first, cells);
      upsample(
          s.row + margin + first, layout.rowStride, left, right, across.padded, classes, cells, across.phases,
          s.logits, s.greatest, soft ? s.logitTotal : nullptr);
      if (!soft && gradient) {
        softmaxWeights<true>(s.logits, s.greatest, 1.f, classes, lanes, s.weights, s.sums, slopes, s.mean);
      } else {
        softmaxWeights<false>(s.logits, s.greatest, 1.f, classes, lanes, s.weights, s.sums, nullptr, nullptr);
      }
      invert(s.sums, s.keep, lanes, s.inverse);
      if (pass.values) values[0] += labelValue<soft>(pass, s, lanes);
      if (distil) {
        if (layout.sameColumns) {
          upsample(
              s.teacherRow + margin + first, layout.teacherRowStride, left, right, across.padded, classes, cells,
              across.phases, s.teacherLogits, s.teacherGreatest, nullptr);
        } else {
          gatherTeacher(pass, s, first, cells);
        }
        softmaxWeights<false>(
            s.teacherLogits, s.teacherGreatest, 1.f, classes, lanes, s.teacher, s.teacherSums, nullptr, nullptr);
        invert(s.teacherSums, s.keep, lanes, s.teacherInverse);
        if (hot) {
          const float scale = 1.f / head.temperature;
          softmaxWeights<false>(s.logits, s.greatest, scale, classes, lanes, s.hot, s.hotSums, nullptr, nullptr);
          softmaxWeights<false>(
              s.teacherLogits, s.teacherGreatest, scale, classes, lanes, s.teacherHot, s.teacherHotSums, nullptr,
              nullptr);
        }
        if (pass.values)
          values[1] += teacherValue(
              pass, s, hot ? s.teacherHot : s.teacher, hot ? s.hotSums : s.sums,
              hot ? s.teacherHotSums : s.teacherSums, lanes);
        normalise(s.teacher, s.teacherInverse, classes, lanes);
        if (hot) {
          invert(s.hotSums, s.keep, lanes, s.hotSums);
          invert(s.teacherHotSums, s.keep, lanes, s.teacherHotSums);
          normalise(s.hot, s.hotSums, classes, lanes);
          normalise(s.teacherHot, s.teacherHotSums, classes, lanes);
        }
      }
      if (soft) normalise(s.weights, s.inverse, classes, lanes);
      if (pass.totals) {
        if (soft) {
          softTotals<distil>(pass, s, lanes, partial);
        } else {
          hardTotals(pass, s, lanes, partial);
        }
        correctTotals(pass, s, lanes, soft, partial);
      }
      if (gradient) {
        if (soft) {
          softGradient<distil>(pass, s, coefficients, lanes);
        } else {
          hardGradient(pass, s, slopes, coefficients, lanes);
        }
        downsample(
            soft ? s.work : s.weights, left, right, across.padded, classes, cells, across.phases,
            s.gradientRow + margin + first, layout.rowStride);
      }
    }

    if (!gradient) continue;
    for (long c = 0; c < classes; ++c) {
      float *__restrict row = s.gradientRow + c * layout.rowStride + margin;
      row[0] += row[-1];
      row[head.columns - 1] += row[head.columns];
      float *own = gradient + c * plane + source.nearest * head.columns;
      float *other = source.other < firstRow  ? halo + c * head.columns
                     : source.other >= lastRow ? halo + (classes + c) * head.columns
                                               : gradient + c * plane + source.other * head.columns;
      for (long x = 0; x < head.columns; ++x) own[x] += (1.f - source.weight) * row[x];
      for (long x = 0; x < head.columns; ++x) other[x] += source.weight * row[x];
    }
  }

  if (!pass.maxima) return;
  const int slots[4] = {
      jml_total_max_probability, jml_total_max_label_sum, jml_total_max_teacher, jml_total_max_teacher_sum};
  for (long slot = 0; slot < 4; ++slot)
    for (long c = 0; c < classes; ++c) {
      double &total = partial[c * jml_total_count + slots[slot]];
      total = std::max(total, double(maximum(at(s.maxima + (slot * classes + c) * lanesPerVector))));
    }
}

JML_MULTIVERSION
void hardUnit(const Pass &pass, const Scratch &s, long unit) { processUnit<false, false>(pass, s, unit); }

JML_MULTIVERSION
void smoothUnit(const Pass &pass, const Scratch &s, long unit) { processUnit<true, false>(pass, s, unit); }

JML_MULTIVERSION
void distilUnit(const Pass &pass, const Scratch &s, long unit) { processUnit<true, true>(pass, s, unit); }

struct Workspace {
  long scratch, halos, partials, bytes;
  explicit Workspace(const Layout &layout) {
    halos = jml_thread_count() * Layout::padded(layout.scratchFloats) * long(sizeof(float));
    partials = halos + Layout::padded(layout.units * layout.haloFloats) * long(sizeof(float));
    bytes = partials + layout.units * layout.partialDoubles * long(sizeof(double));
  }
};

void run(Pass &pass, void *workspace, double *totals, double *sums) {
  const jml_loss_head &head = pass.head;
  const Layout &layout = pass.layout;
  const Workspace place(layout);
  char *memory = static_cast<char *>(workspace);
  pass.halos = reinterpret_cast<float *>(memory + place.halos);
  pass.partials = reinterpret_cast<double *>(memory + place.partials);
  const long stride = Layout::padded(layout.scratchFloats);
  jml::parallel_for(layout.units, 1, [&](long begin, long end) {
    const Scratch scratch(reinterpret_cast<float *>(memory) + omp_get_thread_num() * stride, head, layout);
    for (long unit = begin; unit < end; ++unit) {
      if (head.teacher) {
        distilUnit(pass, scratch, unit);
      } else if (head.boundary) {
        smoothUnit(pass, scratch, unit);
      } else {
        hardUnit(pass, scratch, unit);
      }
    }
  });

  const long classes = head.classes;
  if (sums) sums[0] = sums[1] = 0;
  if (totals) std::fill(totals, totals + head.batch * classes * jml_total_count, 0.0);
  for (long unit = 0; unit < layout.units; ++unit) {
    const double *partial = pass.partials + unit * layout.partialDoubles;
    if (sums) {
      sums[0] += partial[classes * jml_total_count];
      sums[1] += partial[classes * jml_total_count + 1];
    }
    if (!totals) continue;
    double *image = totals + unit / layout.bands * classes * jml_total_count;
    for (long i = 0; i < classes * jml_total_count; ++i) {
      const bool isMaximum = i % jml_total_count >= jml_total_max_probability;
      image[i] = isMaximum ? std::max(image[i], partial[i]) : image[i] + partial[i];
    }
  }
  if (!pass.gradient) return;
  // What a band owes its neighbours' rows, added in the order of the bands.
  jml::parallel_for(head.batch * classes, 8, [&](long begin, long end) {
    for (long plane = begin; plane < end; ++plane)
      for (long band = 0; band < layout.bands; ++band) {
        const float *halo = pass.halos + (plane / classes * layout.bands + band) * layout.haloFloats;
        const long first = band * layout.bandRows, last = first + layout.bandRows, c = plane % classes;
        float *target = pass.gradient + plane * head.rows * head.columns;
        for (long x = 0; x < head.columns && first > 0; ++x)
          target[(first - 1) * head.columns + x] += halo[c * head.columns + x];
        for (long x = 0; x < head.columns && last < head.rows; ++x)
          target[last * head.columns + x] += halo[(classes + c) * head.columns + x];
      }
  });
}

}  // namespace

long jml_loss_head_workspace(const jml_loss_head *head) {
  const Layout layout(*head);
  return Workspace(layout).bytes;
}

void jml_loss_head_totals(
    const jml_loss_head *head, int maxima, void *workspace, double *totals, double *sums) {
  const Layout layout(*head);
  Pass pass{*head, layout,  layout.rows.data(), layout.teacherRows.data(), maxima != 0, true, true, nullptr, 0, 0,
            nullptr, nullptr, nullptr};
  run(pass, workspace, totals, sums);
}

void jml_loss_head_gradient(
    const jml_loss_head *head, const float *coefficients, float cross_entropy, float divergence, void *workspace,
    float *gradient, double *sums) {
  const Layout layout(*head);
  Pass pass{
      *head,        layout,     layout.rows.data(), layout.teacherRows.data(), false,   false, sums != nullptr,
      coefficients, cross_entropy, divergence,      gradient,                  nullptr, nullptr};
  run(pass, workspace, nullptr, sums);
}
