// For plugins that are wrong in ways that plugin.hpp does not allow: a manifest word by word, and the two
// exports.
#pragma once

#include "plugrad/core/plugin.hpp"

#define MANIFEST(text)                                                                        \
  extern "C" {                                                                                \
  PLUGRAD_EXPORT extern const char plugrad_manifest[];                                        \
  [[gnu::section(PLUGRAD_MANIFEST_SECTION), gnu::used]] const char plugrad_manifest[] = text; \
  }

#define ABI(major, minor) "\"abi_major\": " PLUGRAD_TEXT(major) ", \"abi_minor\": " PLUGRAD_TEXT(minor)
#define OWN_ABI ABI(PLUGRAD_ABI_MAJOR, PLUGRAD_ABI_MINOR)

// A good manifest of the backend `name` with another ABI.
#define MANIFEST_OF(name, abi)                                                           \
  MANIFEST("{\"plugrad\": \"backend\", \"name\": \"" name "\", \"version\": \"1\", " abi \
           ", \"op_set\": \"core-1\"}")

#define INIT extern "C" PLUGRAD_EXPORT int32_t plugrad_init
