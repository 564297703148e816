// Meters: what a connector shows on the engine's /metrics. The engine keeps them; they begin at
// nothing when it starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tidemill/result.h"

namespace tidemill {

enum class MeterKind : std::uint8_t {
  counter,    ///< Adds up what is recorded.
  gauge,      ///< Is what was recorded last.
  histogram,  ///< Counts what is recorded, by size.
};

struct MeterDecl {
  MeterKind kind = MeterKind::counter;
  std::string name;
  std::string help;
  std::vector<std::string> labels;
  std::vector<double> buckets;    ///< Histograms: upper bounds, ascending.
  std::size_t series_max = 1000;  ///< So many sets of label values; of others nothing is kept.

  friend bool operator==(const MeterDecl&, const MeterDecl&) = default;
};

/// One metric with all its series. Thread-safe.
class Meter {
 public:
  virtual ~Meter() = default;

  /// `labels` are the values of the declared labels, in their order. A counter takes nothing
  /// negative. False: it would be a series too many; nothing but that was recorded.
  virtual bool record(std::span<const std::string> labels, double value) = 0;
};

class Meters {
 public:
  virtual ~Meters() = default;

  /// The metric of that name: a new one, or the one that was declared alike before.
  ///
  /// Errors: bad_config, where there is one of that name that was declared otherwise.
  virtual Result<std::shared_ptr<Meter>> meter(const MeterDecl& decl) = 0;
};

}  // namespace tidemill
