// An array with other elements in some places, or in all.
//
//   assign   y = value                          (no gradient)
//            y = x, y[p(i)] = value[i]          for the places p(i) of an index; the last i of one place wins
#include "plugrad/backends/reference/selection.h"

namespace plugrad::reference {
namespace {

template <class T>
void copy_to(const View<T>& to, const View<const T>& from) {
  for_each([](T& y, T x) { y = x; }, to, from);
}

template <class T>
void assign_selected(const Call& c) {
  const auto y = view<T>(c.out());
  const auto value = view<const T>(c.in(1));
  // All indices are checked before the first element is written.
  for_each_entry(c, c.in(2), value, c.in(0), y, false, [](const auto&, const auto&) {});
  if (data<T>(c.in(0)) != y.data) copy_to(y, view<const T>(c.in(0)));
  for_each_entry(c, c.in(2), value, c.in(0), y, false,
                 [](const View<const T>& entry, const View<T>& place) { copy_to(place, entry); });
}

void assign(const Call& c) {
  with_any(c.out().dtype, [&]<class T>(Type<T>) {
    if (c.n_in() == 3) assign_selected<T>(c);
    else copy_to(view<T>(c.out()), view<const T>(c.in(1)));
  });
}

PLUGRAD_FORWARD(assign, assign);

}  // namespace
}  // namespace plugrad::reference
