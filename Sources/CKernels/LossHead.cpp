#include "LossHead.h"

#include <algorithm>
#include <cstring>

#include "LossHeadPlan.h"
#include "LossHeadTargets.h"
#include "LossTile.h"
#include "Parallel.h"

namespace {

using namespace jml;

/// Probabilities of the teacher in one tile, and what the temperature makes of both networks' logits.
JML_INLINE void readTeacher(
    const Pass &pass, const Scratch &s, long first, long cells, double *divergence) {
  const jml_loss_head &head = pass.head;
  const Layout &layout = pass.layout;
  const Axis &across = layout.across;
  const long classes = head.classes, lanes = cells * across.phases;
  if (layout.sameColumns) {
    upsample(
        s.teacherRow + margin + first, layout.teacherRowStride, across.left.data() + first,
        across.right.data() + first, across.padded, classes, cells, across.phases, s.teacherLogits,
        s.teacherGreatest);
  } else {
    gatherTeacher(pass, s, first, cells);
  }
  softmaxWeights<false>(
      s.teacherLogits, s.teacherGreatest, 1.f, classes, lanes, s.teacher, s.teacherSums, nullptr, nullptr);
  invert(s.teacherSums, s.keep, lanes, s.teacherInverse);
  if (head.temperature == 1.f) {
    if (pass.values) *divergence += teacherValue(pass, s, s.teacher, s.sums, s.teacherSums, lanes);
  } else {
    const float scale = 1.f / head.temperature;
    softmaxWeights<false>(s.logits, s.greatest, scale, classes, lanes, s.hot, s.hotSums, nullptr, nullptr);
    softmaxWeights<false>(
        s.teacherLogits, s.teacherGreatest, scale, classes, lanes, s.teacherHot, s.teacherHotSums, nullptr,
        nullptr);
    if (pass.values)
      *divergence += teacherValue(pass, s, s.teacherHot, s.hotSums, s.teacherHotSums, lanes);
    invert(s.hotSums, s.keep, lanes, s.hotSums);
    invert(s.teacherHotSums, s.keep, lanes, s.teacherHotSums);
    normalise(s.hot, s.hotSums, classes, lanes);
    normalise(s.teacherHot, s.teacherHotSums, classes, lanes);
  }
  normalise(s.teacher, s.teacherInverse, classes, lanes);
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
  double *partial = pass.partials + unit * layout.partialDoubles;
  double *values = partial + classes * jml_total_count;
  const float *coefficients = pass.coefficients ? pass.coefficients + image * classes * 3 : nullptr;
  std::fill(partial, partial + layout.partialDoubles, 0.0);
  std::fill(s.maxima, s.maxima + 4 * classes * lanesPerVector, 0.f);

  float slopes[256];
  for (long c = 0; c < classes; ++c)
    slopes[c] = coefficients ? coefficients[c * 3] + coefficients[c * 3 + 1] : 0.f;
  float *gradient = pass.gradient ? pass.gradient + image * classes * plane : nullptr;
  float *halo = pass.halos ? pass.halos + unit * layout.haloFloats : nullptr;
  if (gradient) {
    for (long c = 0; c < classes; ++c)
      memset(
          gradient + c * plane + firstRow * head.columns, 0,
          (lastRow - firstRow) * head.columns * sizeof(float));
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
    // The terms with the teacher look at the logits themselves.
    const bool series =
        !distil && layout.isSeries && isGentle(s.row + margin, layout.rowStride, classes, across.padded);
    if (distil)
      interpolateRow(
          head.teacher + image * classes * head.teacher_rows * head.teacher_columns, classes,
          head.teacher_rows, head.teacher_columns, pass.teacherRows[y], layout.teacherAcross.padded,
          layout.teacherRowStride, s.teacherRow);
    if (gradient) memset(s.gradientRow, 0, classes * layout.rowStride * sizeof(float));

    for (long first = 0; first < across.padded; first += layout.block) {
      const long cells = std::min(layout.block, across.padded - first), lanes = cells * across.phases;
      const float *left = across.left.data() + first, *right = across.right.data() + first;
      const long pixels = (image * head.height + y) * head.width;
      const uint8_t *boundary = soft && head.boundary ? head.boundary + pixels : nullptr;
      readLabels(pass, s, head.labels + pixels, boundary, first, cells);
      const float *row = s.row + margin + first;
      if (series && !soft && gradient) {
        softmaxSeries<true>(
            row, layout.rowStride, classes, cells, across.phases, s.weights, s.greatest, s.sums, slopes,
            s.mean);
      } else if (series) {
        softmaxSeries<false>(
            row, layout.rowStride, classes, cells, across.phases, s.weights, s.greatest, s.sums, nullptr,
            nullptr);
      } else {
        upsample(
            row, layout.rowStride, left, right, across.padded, classes, cells, across.phases, s.logits,
            s.greatest);
        if (!soft && gradient) {
          softmaxWeights<true>(
              s.logits, s.greatest, 1.f, classes, lanes, s.weights, s.sums, slopes, s.mean);
        } else {
          softmaxWeights<false>(
              s.logits, s.greatest, 1.f, classes, lanes, s.weights, s.sums, nullptr, nullptr);
        }
      }
      if (pass.values) readLogits<soft>(pass, s, first, cells);
      invert(s.sums, s.keep, lanes, s.inverse);
      if (pass.values) values[0] += labelValue<soft>(pass, s, lanes);
      if (distil) readTeacher(pass, s, first, cells, values + 1);
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
  Pass pass{*head, layout};
  pass.maxima = maxima != 0;
  pass.totals = true;
  pass.values = true;
  run(pass, workspace, totals, sums);
}

void jml_loss_head_gradient(
    const jml_loss_head *head, const float *coefficients, float cross_entropy, float divergence,
    void *workspace, float *gradient, double *sums) {
  const Layout layout(*head);
  Pass pass{*head, layout};
  pass.values = sums != nullptr;
  pass.coefficients = coefficients;
  pass.crossEntropy = cross_entropy;
  pass.divergence = divergence;
  pass.gradient = gradient;
  run(pass, workspace, nullptr, sums);
}
