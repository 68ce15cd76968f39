// One step of recurrent networks, in one launch each way; s is the logistic function, gates lie side by side.
//
//   lstm_cell   f, i, o = s of forget, input, output; g = tanh change
//               c' = c f + i g, h' = o tanh c'
//     with e = dc' + dh' o (1 - tanh^2 c'):   dc = e f   dforget = e c f (1 - f)   dinput = e g i (1 - i)
//     doutput = dh' tanh c' o (1 - o)   dchange = e i (1 - g^2)
//   gru_cell    r, z = s of the sums of both resets, updates; g = tanh(change_x + r change_h)
//               h' = g + z (h - g)
//     with e = dh' (1 - z) (1 - g^2):   dh = dh' z   dreset = e change_h r (1 - r)
//     dupdate = dh' (h - g) z (1 - z)   dchange_x = e   dchange_h = e r
#include "plugrad/backends/cuda/elementwise.cuh"

namespace plugrad::cuda {
namespace {

template <class T>
__device__ T logistic(T x) {
  const T e = ::exp(-::abs(x));  // at most 1: no overflow for large |x|
  return (x >= T{0} ? T{1} : e) / (T{1} + e);
}
template <class T>
__device__ T of_logistic(T y) {
  return y * (T{1} - y);
}
template <class T>
__device__ T of_tanh(T y) {
  return (T{1} - y) * (T{1} + y);
}

// Cells are functions of `inputs` elements that write `outputs`: those of states, and of each gate.
struct LstmCell {
  static constexpr int outputs = 2, inputs = 5;  // h', c'; forget, input, output, change, c
  template <class T>
  __device__ void operator()(const T (&x)[inputs], T (&y)[outputs]) const {
    y[1] = x[4] * logistic(x[0]) + logistic(x[1]) * ::tanh(x[3]);
    y[0] = logistic(x[2]) * ::tanh(y[1]);
  }
};
struct LstmCellGradient {
  static constexpr int outputs = 5, inputs = 7;  // those of the gates, dc; the cell's inputs, dh', dc'
  template <class T>
  __device__ void operator()(const T (&x)[inputs], T (&y)[outputs]) const {
    const T f = logistic(x[0]), i = logistic(x[1]), o = logistic(x[2]), g = ::tanh(x[3]);
    const T tanh_c = ::tanh(x[4] * f + i * g), e = x[6] + x[5] * o * of_tanh(tanh_c);
    y[0] = e * x[4] * of_logistic(f);
    y[1] = e * g * of_logistic(i);
    y[2] = x[5] * tanh_c * of_logistic(o);
    y[3] = e * i * of_tanh(g);
    y[4] = e * f;
  }
};
struct GruCell {
  static constexpr int outputs = 1, inputs = 7;  // h'; reset, update, change of x and of h; h
  template <class T>
  __device__ void operator()(const T (&x)[inputs], T (&y)[outputs]) const {
    const T r = logistic(x[0] + x[3]), z = logistic(x[1] + x[4]), g = ::tanh(x[2] + r * x[5]);
    y[0] = g + z * (x[6] - g);
  }
};
struct GruCellGradient {
  static constexpr int outputs = 7, inputs = 8;  // as the cell's inputs; these, dh'
  template <class T>
  __device__ void operator()(const T (&x)[inputs], T (&y)[outputs]) const {
    const T r = logistic(x[0] + x[3]), z = logistic(x[1] + x[4]), g = ::tanh(x[2] + r * x[5]);
    const T dy = x[7], e = dy * (T{1} - z) * of_tanh(g);
    y[0] = y[3] = e * x[5] * of_logistic(r);
    y[1] = y[4] = dy * (x[6] - g) * of_logistic(z);
    y[2] = e;
    y[5] = e * r;
    y[6] = dy * z;
  }
};

// Operands are the outputs, then the inputs; of those that are null, inputs are 0 and outputs are dropped.
template <int width, class T, class Cell>
__global__ void __launch_bounds__(block_threads)
    cell_kernel(Cell cell, Layout<Cell::outputs + Cell::inputs> layout) {
  const uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t pack = blockIdx.x * blockDim.x + threadIdx.x; pack < layout.packs; pack += step) {
    int64_t offset[Cell::outputs + Cell::inputs];
    layout.locate(pack, offset);
    Pack<T, width> in[Cell::inputs]{}, out[Cell::outputs];
#pragma unroll
    for (int k = 0; k < Cell::inputs; ++k) {
      const int operand = Cell::outputs + k;
      if (const T* p = static_cast<const T*>(layout.data[operand]))
        in[k] = load<width>(p + offset[operand], layout.repeats[operand], width);
    }
#pragma unroll
    for (int i = 0; i < width; ++i) {
      T x[Cell::inputs], y[Cell::outputs];
#pragma unroll
      for (int k = 0; k < Cell::inputs; ++k) x[k] = in[k].element[i];
      cell(x, y);
#pragma unroll
      for (int k = 0; k < Cell::outputs; ++k) out[k].element[i] = y[k];
    }
#pragma unroll
    for (int k = 0; k < Cell::outputs; ++k)
      if (T* p = static_cast<T*>(layout.data[k])) store(p + offset[k], out[k], width);
  }
}

// The operands of a cell with a state [n, hidden], one after the other.
template <class Cell>
class Operands {
 public:
  explicit Operands(const DLTensor& state) {
    arrays_.ndim = 2;
    std::copy_n(state.shape, 2, arrays_.shape);
  }
  void add(const DLTensor& state) { set_operand(arrays_, next_++, state); }
  void add_gates(const DLTensor& gates, int count) {
    for (int k = 0; k < count; ++k, ++next_) {
      set_operand(arrays_, next_, gates);
      const int64_t start = k * arrays_.shape[1] * gates.strides[1];
      arrays_.data[next_] += start * arrays_.item[next_];
    }
  }
  void skip(int count) { next_ += count; }

  template <class T>
  void run(const Call& c) const {
    constexpr int width = 16 / sizeof(T);
    if (arrays_.size() == 0) return;
    for_each_part(merged(arrays_), [&](const auto& part) {
      const auto run_packed = [&](auto kernel, int packed) {
        const auto layout = layout_of(part, packed);
        launch(c, kernel, grid_blocks(layout.packs), block_threads, Cell(), layout);
      };
      const bool whole = part.shape[part.ndim - 1] % width == 0;
      if (whole && packs_fit(part, width)) run_packed(cell_kernel<width, T, Cell>, width);
      else run_packed(cell_kernel<1, T, Cell>, 1);
    });
  }

 private:
  Arrays<Cell::outputs + Cell::inputs> arrays_;
  int next_ = 0;
};

void lstm_cell(const Call& c) {
  Operands<LstmCell> operands(c.in(1));
  operands.add(c.out(0));
  operands.add(c.out(1));
  operands.add_gates(c.in(0), 4);
  operands.add(c.in(1));
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) { operands.run<T>(c); });
}

void lstm_cell_gradient(const Call& c) {
  Operands<LstmCellGradient> operands(c.in(1));
  c.wants(0) ? operands.add_gates(c.din(0), 4) : operands.skip(4);
  c.wants(1) ? operands.add(c.din(1)) : operands.skip(1);
  operands.add_gates(c.in(0), 4);
  operands.add(c.in(1));
  for (int k = 0; k < 2; ++k) c.has_dout(k) ? operands.add(c.dout(k)) : operands.skip(1);
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) { operands.run<T>(c); });
}

void gru_cell(const Call& c) {
  Operands<GruCell> operands(c.in(2));
  operands.add(c.out());
  for (int k = 0; k < 2; ++k) operands.add_gates(c.in(k), 3);
  operands.add(c.in(2));
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) { operands.run<T>(c); });
}

void gru_cell_gradient(const Call& c) {
  Operands<GruCellGradient> operands(c.in(2));
  for (int k = 0; k < 2; ++k) c.wants(k) ? operands.add_gates(c.din(k), 3) : operands.skip(3);
  c.wants(2) ? operands.add(c.din(2)) : operands.skip(1);
  for (int k = 0; k < 2; ++k) operands.add_gates(c.in(k), 3);
  operands.add(c.in(2));
  operands.add(c.dout());
  with_floating(c.in(0).dtype, [&]<class T>(Type<T>) { operands.run<T>(c); });
}

PLUGRAD_KERNELS(lstm_cell, lstm_cell, lstm_cell_gradient);
PLUGRAD_KERNELS(gru_cell, gru_cell, gru_cell_gradient);

}  // namespace
}  // namespace plugrad::cuda
