// The one family of exceptions. A message starts with the op or the file it is about and gives the facts.
#pragma once

#include <stdexcept>

#include "plugrad/core/export.h"

namespace plugrad {

struct PLUGRAD_PUBLIC Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// Shapes, axes, indices that do not fit.
struct PLUGRAD_PUBLIC ShapeError : Error {
  using Error::Error;
};
// A dtype that an op does not take, or operands whose dtypes differ where they must not.
struct PLUGRAD_PUBLIC DTypeError : Error {
  using Error::Error;
};
// A device that is missing, out of memory or failing; operands on different devices; a kernel that a backend
// lacks.
struct PLUGRAD_PUBLIC DeviceError : Error {
  using Error::Error;
};
// A plugin that cannot be loaded, or a name that is taken.
struct PLUGRAD_PUBLIC PluginError : Error {
  using Error::Error;
};
// A file from outside that is damaged, or not what it should be.
struct PLUGRAD_PUBLIC DataError : Error {
  using Error::Error;
};

}  // namespace plugrad
