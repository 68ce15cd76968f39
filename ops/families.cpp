#include "plugrad/ops/families.h"

namespace plugrad {

using Input = Sample::Input;

void unary_samples(Samples& s, Domain d, std::initializer_list<Value> attr) {
  for (const Shape& shape :
       {Shape{}, Shape{1}, Shape{5}, Shape{2, 3}, Shape{0}, Shape{3, 0, 2}, Shape{257}, Shape{2, 1, 3, 2}})
    s.add({Input(shape, d.low, d.high)}, attr);
  s.add({Input({17, 5}, d.low, d.high).with(Input::strided)}, attr);
  s.add({Input({4, 3, 5}, d.low, d.high).with(Input::transposed)}, attr);
  s.add({Input({300, 1000}, d.low, d.high)}, attr);
}

void binary_samples(Samples& s, Domain x, Domain y) {
  const std::pair<Shape, Shape> shapes[] = {{{}, {}},
                                            {{3}, {3}},
                                            {{2, 3}, {3}},
                                            {{3}, {2, 3}},
                                            {{2, 1}, {1, 3}},
                                            {{2, 3}, {}},
                                            {{}, {2, 3}},
                                            {{2, 3}, {2, 1}},
                                            {{2, 1}, {2, 3}},
                                            {{0}, {1}},
                                            {{2, 0}, {2, 1}},
                                            {{37, 9}, {9}},
                                            {{37, 9}, {37, 1}},
                                            {{4, 1, 3}, {5, 1}},
                                            {{1, 1}, {1}},
                                            {{2, 3, 4, 5}, {4, 1}},
                                            {{257}, {257}},
                                            {{300, 1000}, {300, 1000}},
                                            {{300, 1000}, {1000}}};
  for (const auto& [a, b] : shapes) s.add({Input(a, x.low, x.high), Input(b, y.low, y.high)});
  s.add({Input({7, 5}, x.low, x.high).with(Input::transposed), Input({7, 5}, y.low, y.high)});
  s.add({Input({7, 5}, x.low, x.high), Input({7, 5}, y.low, y.high).with(Input::strided)});
}

}  // namespace plugrad
