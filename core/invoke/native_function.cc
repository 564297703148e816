#include "core/invoke/native_function.h"

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <utility>

#include "core/invoke/fingerprint.h"
#include "core/invoke/response_reader.h"

namespace tidemill {
namespace {

// Runs the handler. The rule that nothing is thrown across the ABI is the plugin's to keep; where
// it does not, the batch fails and the engine goes on.
Result<const tidemill_response*> handle(const tidemill_function& table, void* instance,
                                        const tidemill_request* request) {
  try {
    if (const auto* response = table.handle(instance, request)) return response;
    return fail(Fault::transient, "the function answered against the ABI: it gave no response");
  } catch (const std::exception& e) {
    return fail(Fault::transient, fmt::format("the handler threw across the ABI: {}", e.what()));
  } catch (...) {
    return fail(Fault::transient, "the handler threw something unknown across the ABI");
  }
}

// Gives a response back to the instance it came from, when the engine drops the last share in it.
struct FreeResponse {
  std::shared_ptr<const Plugin> plugin;
  std::shared_ptr<InstancePool> pool;
  NativeCall* call;

  void operator()(const tidemill_response* response) const {
    std::unique_ptr<NativeCall> owned(call);
    plugin->table().free_response(owned->instance, response);
    pool->free(std::move(owned));
  }
};

}  // namespace

NativeFunction::NativeFunction(std::shared_ptr<const Plugin> plugin,
                               std::shared_ptr<InstancePool> pool, std::string version,
                               std::uint64_t memory_bytes_max)
    : plugin_(std::move(plugin)),
      pool_(std::move(pool)),
      version_(std::move(version)),
      memory_bytes_max_(memory_bytes_max) {
  traits_.non_blocking = plugin_->has(TIDEMILL_NON_BLOCKING);
  for (const auto& output : plugin_->decl().outputs) traits_.outputs.push_back(output.name);
}

Result<std::unique_ptr<NativeFunction>> NativeFunction::make(std::shared_ptr<const Plugin> plugin,
                                                             const ResolvedOptions& config,
                                                             NativeHost host,
                                                             std::uint32_t concurrency) {
  const auto memory_bytes_max = host.memory_bytes_max;
  auto pool = std::make_shared<InstancePool>(plugin, config, std::move(host), concurrency);
  if (auto ok = pool->provision(1); !ok) return std::unexpected(ok.error());
  auto version = fingerprint_of(plugin->binary_hash(), config);
  return std::unique_ptr<NativeFunction>(
      new NativeFunction(std::move(plugin), std::move(pool), std::move(version), memory_bytes_max));
}

Answer NativeFunction::run(const Request& request, const RawEvents* raw) {
  Answer answer;
  auto acquired = pool_->acquire(request);
  if (!acquired) {
    answer.error = std::move(acquired.error());
    return answer;
  }
  NativeCall& call = **acquired;
  const auto event_count = raw == nullptr ? request.events.size() : raw->events.size();
  const auto response = handle(plugin_->table(), call.instance, call.begin(request, version_, raw));
  call.end();
  pool_->idle(call);
  const bool memory_refused = call.memory_refused();
  answer.reads = call.take_reads();
  answer.bytes = call.bytes_held();

  Result<> read;
  if (response) {
    answer.keep = std::shared_ptr<const tidemill_response>(
        *response, FreeResponse{plugin_, pool_, acquired->release()});
    read = read_response(plugin_->decl(), event_count, **response, call.metadata(), answer);
  } else {
    read = std::unexpected(response.error());
    pool_->free(std::move(*acquired));
  }
  if (read) return answer;

  Error error = std::move(read.error());
  if (memory_refused)
    error.message += fmt::format("; it was refused memory beyond its limit of {} bytes (memory:)",
                                 memory_bytes_max_);
  // A failure that follows from rows that have changed meanwhile is none.
  Answer failed;
  failed.error = std::move(error);
  failed.reads = std::move(answer.reads);
  return failed;
}

}  // namespace tidemill
