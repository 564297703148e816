// Throws where it is told to: in its constructor, or in its handler.
#include "tidemill/function.h"

#include <stdexcept>
#include <string>

namespace {

using namespace tidemill;

class Throwing {
 public:
  struct Config {
    std::string where = "handler";
  };
  static ConfigSpec<Config> spec() {
    return ConfigSpec<Config>("Throws.").field("where", &Config::where, "Where.");
  }
  static FunctionInfo info() {
    return {
        .name = "throwing", .summary = "Throws.", .outputs = {{"rows", OutputKind::rows, "Rows."}}};
  }

  explicit Throwing(const Config& config) : where_(config.where) {
    if (where_ == "constructor") throw std::runtime_error("no model file");
    if (where_ == "constructor_int") throw 7;
  }

  Response handle(const Batch& batch, Context& context) {
    Response response(context);
    response.put_row(batch[0], 0, "half", "done");
    if (where_ == "handler_int") throw 7;
    throw std::runtime_error("the model does not fit");
  }

 private:
  std::string where_;
};

}  // namespace

TIDEMILL_FUNCTION(Throwing)
