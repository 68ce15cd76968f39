// Normalisation of rows: y = z w + b, z = (x - m) r, r = 1 / sqrt(var + eps), with mean m and var of each
// row.
//
//   layer_norm   rows are the trailing axes, those of w and b    dx = r (g - mean g - z mean(g z)), g = dy w
//   group_norm   rows are groups of channels, w and b theirs     the same
//   rms_norm     rows as in layer_norm, m = 0, b = 0             dx = r (g - z mean(g z))
//
// dw and db are the sums over all rows of dy z and of dy. A team of threads (teams.cuh) works on a row, and
// walks over it once for each of m, var and the means of the gradient: it is in cache from the second time
// on.
#include "plugrad/backends/cuda/channels.cuh"

namespace plugrad::cuda {
namespace {

template <class T>
struct RowStatistics {
  T mean, inverse;
};

// What the kernels know of the rows. Of layer_norm and rms_norm, the elements of a row are channels.
template <class T>
struct Rows {
  int64_t count;
  uint32_t length, period, groups;  // period: channels in a group, `groups` of which follow each other
  Divisor inner;                    // elements of a channel in a row
  bool across, centred;
  double eps;
  const T *x, *w, *b, *dy;       // b null: zeros
  T* to;                         // y, or dx if that is wanted
  RowStatistics<T>* statistics;  // null: not kept
};

// One row, as the threads of a team walk over it in packs.
template <class Team, int width, class T>
struct RowWalk {
  using Storage = typename Team::template Storage<Sums<2>>;
  const Rows<T>& rows;
  Storage& shared;
  int64_t row;
  bool exists;
  uint32_t packs, first_channel;

  __device__ Pack<T, width> load(const T* p, uint32_t pack) const {
    return load_at<width>(p + row * rows.length, int64_t{pack} * width);
  }
  __device__ Pack<T, width> numbers(const T* v, uint32_t pack) const {
    uint32_t element = pack * width;
    const uint32_t channel = rows.across ? element : rows.inner.split(element);
    return of_channels<width>(v, first_channel + channel, rows.across);
  }
  // The means of two terms, which terms(pack, t) writes.
  template <class F>
  __device__ Sums<2> means(F terms) const {
    Sums<2> sums{};
    if (exists) sums = add_packs<2, width, T>(0, packs, Team::rank(), Team::size, terms);
    sums = Team::all_reduce(shared, sums, Sums<2>{});
    for (double& sum : sums.of) sum /= rows.length;
    return sums;
  }
  // Writes values(pack).
  template <class F>
  __device__ void write(F values) const {
    if (!exists) return;
    for (auto pack = static_cast<uint32_t>(Team::rank()); pack < packs; pack += Team::size) {
      const Pack<T, width> y = values(pack);
      store(rows.to + row * rows.length + int64_t{pack} * width, y, width);
    }
  }

  __device__ RowStatistics<T> statistics() const {
    T mean = 0;
    if (rows.centred)
      mean = static_cast<T>(means([&](uint32_t pack, T(&t)[2][width]) {
                              const auto x = load(rows.x, pack);
                              for (int i = 0; i < width; ++i) t[0][i] = x.element[i];
                            }).of[0]);
    const double var = means([&](uint32_t pack, T(&t)[2][width]) {
                         const auto x = load(rows.x, pack);
                         for (int i = 0; i < width; ++i)
                           t[0][i] = (x.element[i] - mean) * (x.element[i] - mean);
                       }).of[0];
    return {mean, static_cast<T>(1 / ::sqrt(var + rows.eps))};
  }
  __device__ Pack<T, width> normalized(const RowStatistics<T>& s, uint32_t pack) const {
    auto x = load(rows.x, pack);
    for (T& value : x.element) value = (value - s.mean) * s.inverse;
    return x;
  }

  __device__ void forward(const RowStatistics<T>& s) const {
    write([&](uint32_t pack) {
      auto y = normalized(s, pack);
      const auto w = numbers(rows.w, pack);
      Pack<T, width> b{};
      if (rows.b) b = numbers(rows.b, pack);
      for (int i = 0; i < width; ++i) y.element[i] = y.element[i] * w.element[i] + b.element[i];
      return y;
    });
  }
  __device__ Pack<T, width> weighted_dy(uint32_t pack) const {
    auto g = load(rows.dy, pack);
    const auto w = numbers(rows.w, pack);
    for (int i = 0; i < width; ++i) g.element[i] *= w.element[i];
    return g;
  }
  __device__ void gradient(const RowStatistics<T>& s) const {
    const Sums<2> found = means([&](uint32_t pack, T(&t)[2][width]) {
      const auto g = weighted_dy(pack), z = normalized(s, pack);
      for (int i = 0; i < width; ++i) {
        t[0][i] = g.element[i];
        t[1][i] = g.element[i] * z.element[i];
      }
    });
    const T mean_g = rows.centred ? static_cast<T>(found.of[0]) : T{0}, mean_gz = static_cast<T>(found.of[1]);
    write([&](uint32_t pack) {
      auto g = weighted_dy(pack);
      const auto z = normalized(s, pack);
      for (int i = 0; i < width; ++i)
        g.element[i] = s.inverse * (g.element[i] - mean_g - z.element[i] * mean_gz);
      return g;
    });
  }
};

template <class Team, int width, bool gradient, class T>
__global__ void __launch_bounds__(block_threads, resident_blocks) rows_kernel(Rows<T> rows) {
  using Walk = RowWalk<Team, width, T>;
  __shared__ typename Walk::Storage shared;
  const int64_t step = int64_t{gridDim.x} * Team::count;
  for (int64_t first = int64_t{blockIdx.x} * Team::count; first < rows.count; first += step) {
    const int64_t row = first + Team::number();
    const auto first_channel = static_cast<uint32_t>(row % rows.groups) * rows.period;
    const Walk walk{rows, shared, row, row < rows.count, rows.length / width, first_channel};
    const RowStatistics<T> s = walk.statistics();
    if (rows.statistics && walk.exists && Team::rank() == 0) rows.statistics[row] = s;
    if constexpr (!gradient) walk.forward(s);
    else if (rows.to) walk.gradient(s);
  }
}

template <bool gradient, class T>
void launch_rows(const Call& c, const Rows<T>& rows, int64_t inner) {
  constexpr int width = 16 / sizeof(T);
  constexpr uint32_t short_row = 1024;
  if (rows.count == 0 || rows.length == 0) return;
  const bool packed = whole_packs<T>(rows.across ? rows.length : inner, width, {rows.x, rows.dy, rows.to});
  const auto run = [&]<class Team>(Team) {
    const int blocks = grid_blocks(ceil_div(rows.count, Team::count) * block_threads);
    if (packed) launch(c, rows_kernel<Team, width, gradient, T>, blocks, block_threads, rows);
    else launch(c, rows_kernel<Team, 1, gradient, T>, blocks, block_threads, rows);
  };
  if (rows.length <= short_row) run(WarpTeam());
  else run(BlockTeam());
}

// dy and dy z of channels. Rows of statistics are groups; none: the latter are left out.
template <class T>
struct ParameterTerms {
  using Type = T;
  static constexpr int K = 2;
  const T *x, *dy;
  const RowStatistics<T>* rows;
  uint32_t period, groups;

  bool aligned(int64_t n, int width) const { return whole_packs(n, width, {x, dy}); }
  template <int width>
  __device__ void terms(int64_t at, uint32_t outer, uint32_t channel, T (&t)[K][width]) const {
    const auto d = load_at<width>(dy, at);
    for (int i = 0; i < width; ++i) t[0][i] = d.element[i];
    if (!rows) return;
    const auto value = load_at<width>(x, at);
    const RowStatistics<T> s = rows[int64_t{outer} * groups + channel / period];
    for (int i = 0; i < width; ++i) t[1][i] = d.element[i] * ((value.element[i] - s.mean) * s.inverse);
  }
};
template <class T>
struct ParameterGradients {
  T *dw, *db;
  __device__ void operator()(int64_t channel, const double* sums) const {
    if (dw) dw[channel] = static_cast<T>(sums[1]);
    if (db) db[channel] = static_cast<T>(sums[0]);
  }
};

// The shape of a call, with `groups` of channels that are normalised together.
struct Norm {
  Channels shape;
  int64_t groups;
  double eps;
  bool centred;
};

Norm trailing(const DLTensor& x, const DLTensor& weight, double eps, bool centred) {
  const int64_t n = plugin::size(weight);
  return {{n == 0 ? 0 : plugin::size(x) / n, n, 1}, 1, eps, centred};
}

template <class T>
Rows<T> rows_of(const Norm& norm) {
  const Channels& s = norm.shape;
  const int64_t period = s.channels / norm.groups, length = period * s.inner;
  if (length >= most_elements)
    throw plugin::Failure(PLUGRAD_BAD_SHAPE,
                          "rows of " + std::to_string(length) + " elements are too long for this backend");
  Rows<T> rows{};
  rows.count = s.outer * norm.groups;
  rows.length = static_cast<uint32_t>(length);
  rows.period = static_cast<uint32_t>(period);
  rows.groups = static_cast<uint32_t>(norm.groups);
  rows.inner = Divisor(static_cast<uint32_t>(std::max<int64_t>(s.inner, 1)));
  rows.across = s.across();
  rows.centred = norm.centred;
  rows.eps = norm.eps;
  return rows;
}

void forward(const Call& c, const Norm& norm) {
  with_floating(c.out().dtype, [&]<class T>(Type<T>) {
    Rows<T> rows = rows_of<T>(norm);
    if (norm.shape.size() == 0) return;
    rows.x = compact<T>(c, c.in(0));
    rows.w = compact<T>(c, c.in(1));
    rows.b = c.n_in() > 2 ? compact<T>(c, c.in(2)) : nullptr;
    rows.to = plugin::data<T>(c.out());
    launch_rows<false>(c, rows, norm.shape.inner);
  });
}

void backward(const Call& c, const Norm& norm) {
  with_floating(c.dout().dtype, [&]<class T>(Type<T>) {
    Rows<T> rows = rows_of<T>(norm);
    const bool some = norm.shape.size() > 0, wants_bias = norm.centred && c.wants(2);
    if (some) rows.dy = compact<T>(c, c.dout());
    if (some && (c.wants(0) || c.wants(1))) {
      rows.x = compact<T>(c, c.in(0));
      if (c.wants(0)) rows.w = compact<T>(c, c.in(1));
      if (c.wants(0)) rows.to = plugin::data<T>(c.din(0));
      if (c.wants(1)) rows.statistics = c.workspace<RowStatistics<T>>(rows.count);
      launch_rows<true>(c, rows, norm.shape.inner);
    }
    if (!c.wants(1) && !wants_bias) return;
    const ParameterGradients<T> gradients{c.wants(1) ? plugin::data<T>(c.din(1)) : nullptr,
                                          wants_bias ? plugin::data<T>(c.din(2)) : nullptr};
    channel_sums(c, norm.shape, ParameterTerms<T>{rows.x, rows.dy, rows.statistics, rows.period, rows.groups},
                 gradients);
  });
}

// A tensor of the shape of w in a call for gradients.
const DLTensor& like_weight(const Call& c, bool has_bias) {
  if (c.wants(1)) return c.din(1);
  return has_bias && c.wants(2) ? c.din(2) : c.in(1);
}

void layer_norm(const Call& c) { forward(c, trailing(c.in(0), c.in(1), c.real(0), true)); }
void layer_norm_gradient(const Call& c) {
  backward(c, trailing(c.dout(), like_weight(c, true), c.real(0), true));
}
void rms_norm(const Call& c) { forward(c, trailing(c.in(0), c.in(1), c.real(0), false)); }
void rms_norm_gradient(const Call& c) {
  backward(c, trailing(c.dout(), like_weight(c, false), c.real(0), false));
}
void group_norm(const Call& c) { forward(c, {channels_of(c.in(0)), c.integer(0), c.real(1), true}); }
void group_norm_gradient(const Call& c) {
  backward(c, {channels_of(c.dout()), c.integer(0), c.real(1), true});
}

PLUGRAD_KERNELS(layer_norm, layer_norm, layer_norm_gradient);
PLUGRAD_KERNELS(rms_norm, rms_norm, rms_norm_gradient);
PLUGRAD_KERNELS(group_norm, group_norm, group_norm_gradient);

}  // namespace
}  // namespace plugrad::cuda
