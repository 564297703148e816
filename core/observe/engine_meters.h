// EngineMeters: metrics that connectors declare, beside the engine's own.
//
// Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tidemill/meters.h"

namespace prometheus {
class Registry;
}  // namespace prometheus

namespace tidemill {

class EngineMeters final : public Meters {
 public:
  /// `registry` outlives it and every meter.
  explicit EngineMeters(prometheus::Registry& registry) : registry_(registry) {}

  Result<std::shared_ptr<Meter>> meter(const MeterDecl& decl) override;

  /// What names of the engine's own metrics begin with.
  static constexpr std::string_view own_prefix = "tidemill_";

 private:
  struct Known {
    MeterDecl decl;
    std::shared_ptr<Meter> meter;
  };

  prometheus::Registry& registry_;
  std::mutex mutex_;  // Guards known_.
  std::map<std::string, Known> known_;
};

}  // namespace tidemill
