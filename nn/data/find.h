// Finding data files on this machine, and saying where they came from: figures mean something only with their
// data.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plugrad/core/export.h"

namespace plugrad {

// Where a data set was taken from.
struct DataOrigin {
  std::string sentence;    // for the user to read
  std::string substitute;  // what stands in for the data set asked for, as "fashion-mnist"; empty: nothing,
                           // it is that
};

namespace files {

// Folders that Debian's packages fill.
inline constexpr const char* fashion_mnist_folder = "/usr/share/datasets/fashion-mnist";
inline constexpr const char* fortunes_folder = "/usr/share/games/fortunes";

struct FoundFiles {
  std::vector<std::filesystem::path> paths;  // in the order asked for, all from one folder
  std::string place;                         // "/home/me/data (PLUGRAD_DATA)"
};

// Finds `names`, each as it is or with .gz appended, in `folder` itself or in its folder `subfolder`.
// DataError where the first is there and another is not.
PLUGRAD_PUBLIC std::optional<FoundFiles> find_in(const std::filesystem::path& folder,
                                                 const std::string& subfolder,
                                                 const std::vector<std::string>& names);

// Finds them in the first of these that has the first of them: `given` (a folder or, for one name, the file
// itself), the folder in PLUGRAD_DATA, $XDG_CACHE_HOME/plugrad or ~/.cache/plugrad. What was `given` is not
// passed over: DataError where it has not the files.
PLUGRAD_PUBLIC std::optional<FoundFiles> find(const std::string& given, const std::string& subfolder,
                                              const std::vector<std::string>& names);

// "PLUGRAD_DATA (not set) or /home/me/.cache/plugrad": where find looks when nothing is given, for messages.
PLUGRAD_PUBLIC std::string places_searched();

}  // namespace files
}  // namespace plugrad
