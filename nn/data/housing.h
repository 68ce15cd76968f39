// The Boston housing table of UCI's repository: 13 features and the median price of homes, a row per
// neighbourhood.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plugrad/core/array.h"
#include "plugrad/nn/data/bytes.h"
#include "plugrad/nn/data/find.h"

namespace plugrad {

struct Housing {
  Array x;  // [n, 13] float32; each column standardised: mean 0, standard deviation (with n - 1) 1
  Array y;  // [n, 1] float32
  DataOrigin origin;
};

// Reads housing.data from `given` (the file, or a folder that has it) or where files::find looks; with none
// there, a table drawn at random takes its place (synthetic_housing, seed 1). DataError where the file is
// damaged.
PLUGRAD_PUBLIC Housing load_housing(const std::string& given = {});

namespace files {

inline constexpr size_t housing_columns = 14;

// The numbers of the file, row-major, `housing_columns` to a row. DataError naming line and offset for a row
// of more or fewer, anything that is no finite number, or fewer than two rows.
PLUGRAD_PUBLIC std::vector<double> parse_housing(const FileBytes& file);

// 506 rows of 13 standard normal features and of a price that is linear in them but for normal noise, the
// same for the same seed.
PLUGRAD_PUBLIC std::vector<double> synthetic_housing(uint64_t seed);

// Standardises in place the first `columns - 1` columns of a table; returns the first column of no variance,
// or `columns` where there is none.
PLUGRAD_PUBLIC size_t standardise(std::vector<double>& table, size_t columns);

}  // namespace files
}  // namespace plugrad
