// tidemill invoke: one invocation of a function, here and now, to see what it answers.
#include <fmt/core.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/commands.h"
#include "app/offline.h"
#include "core/invoke/native_function.h"
#include "core/worker/worker_function.h"

namespace tidemill::app {
namespace {

namespace json = boost::json;

struct InvokeOptions {
  std::string function, config_path, event_path, object_path, sample, data = "tidemill-data";
};

constexpr std::string_view s3_put = R"({
  "id": "sample-1", "source": "bucket:uploads",
  "type": "com.amazonaws.s3.ObjectCreated:Put", "subject": "sample.jpg",
  "datacontenttype": "application/json",
  "data": {"version": "0", "bucket": {"name": "uploads"},
           "object": {"key": "sample.jpg", "size": 0, "etag": "", "sequencer": "0"},
           "reason": "PutObject"}})";

Result<std::string> read_all(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Fault::bad_config, "cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The parts of a CloudEvent in JSON that an Event has room for; keeps the texts it points to.
struct Given {
  json::object attributes;
  std::string data;
  std::string object;
  Event event;
};

std::string_view text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

// A CloudEvent in structured mode, or any other JSON as the data of an event without attributes.
Result<std::unique_ptr<Given>> event_of(const InvokeOptions& options) {
  auto given = std::make_unique<Given>();
  if (!options.event_path.empty() || !options.sample.empty()) {
    auto written =
        options.sample.empty() ? read_all(options.event_path) : Result<std::string>(s3_put);
    if (!written) return std::unexpected(written.error());
    boost::system::error_code error;
    json::value parsed = json::parse(*written, error);
    if (error) return fail(Fault::bad_config, "the event is not JSON: " + error.message());
    if (parsed.is_object() && parsed.get_object().contains("data")) {
      given->attributes = std::move(parsed.get_object());
      const json::value& data = given->attributes.at("data");
      given->data = data.is_string() ? std::string(data.get_string()) : json::serialize(data);
    } else {
      given->data = std::move(*written);
    }
  }
  Event& event = given->event;
  event.id = text(given->attributes, "id");
  event.source = text(given->attributes, "source");
  event.type = text(given->attributes, "type");
  event.subject = text(given->attributes, "subject");
  event.key = text(given->attributes, "partitionkey");
  event.content_type = text(given->attributes, "datacontenttype");
  event.data = Bytes::forever(given->data);
  if (options.object_path.empty()) return given;

  auto object = read_all(options.object_path);
  if (!object) return std::unexpected(object.error());
  given->object = std::move(*object);
  event.object_bytes = given->object.size();
  const std::string name = std::filesystem::path(options.object_path).filename().string();
  if (event.subject.empty()) {
    given->attributes["subject"] = name;
    event.subject = text(given->attributes, "subject");
  }
  if (event.type.empty()) event.type = "com.amazonaws.s3.ObjectCreated:Put";
  return given;
}

std::string_view kind_of(EffectKind kind) {
  constexpr std::string_view names[] = {"message",    "put_object", "delete_object", "put_row",
                                        "delete_row", "merge_row",  "reply"};
  return names[static_cast<std::size_t>(kind)];
}

json::object shown(const Effect& effect, const FunctionTraits& traits) {
  json::object out = {{"kind", kind_of(effect.kind)}};
  if (effect.kind == EffectKind::reply) {
    out["status"] = effect.operand;
  } else {
    out["output"] = traits.outputs.at(effect.output);
    out["key"] = effect.key;
  }
  if (effect.kind == EffectKind::merge_row) out["operand"] = effect.operand;
  if (!effect.content_type.empty()) out["content_type"] = effect.content_type;
  boost::system::error_code error;
  json::value body = json::parse(effect.data, error);
  if (!error) {
    out["data"] = std::move(body);
  } else if (!effect.data.empty()) {
    out["bytes"] = effect.data.size();
  }
  return out;
}

json::object shown(const Answer& answer, const FunctionTraits& traits, Duration took) {
  json::object out;
  if (answer.error) out["error"] = answer.error->message;
  json::array effects, failures;
  for (const Effect& effect : answer.effects) effects.push_back(shown(effect, traits));
  for (const EventFailure& failure : answer.failures)
    failures.push_back(
        json::object{{"reason", failure.reason}, {"retry", failure.fault != Fault::bad_event}});
  out["effects"] = std::move(effects);
  out["failures"] = std::move(failures);
  out["microseconds"] = took.count();
  return out;
}

// As the engine would run it.
Result<std::unique_ptr<Function>> make_function(const FunctionPlan& plan,
                                                std::shared_ptr<const Plugin> plugin,
                                                NativeHost host) {
  if (plan.isolation == Isolation::worker) {
    auto worker = WorkerFunction::make(std::move(plugin), plan.config, std::move(host));
    if (!worker) return std::unexpected(worker.error());
    return std::unique_ptr<Function>(std::move(*worker));
  }
  auto native = NativeFunction::make(std::move(plugin), plan.config, std::move(host));
  if (!native) return std::unexpected(native.error());
  return std::unique_ptr<Function>(std::move(*native));
}

int invoke(Session& session, const InvokeOptions& options) {
  Offline offline(options.data);
  FunctionPlan wanted;
  wanted.native = options.function;
  if (!options.config_path.empty()) {
    const auto plan = load_or_complain(session, {options.config_path}, {}, offline.services());
    if (!plan) return exit_code::usage;
    const FunctionPlan* found = plan->function(options.function);
    if (found == nullptr)
      return complain({Fault::bad_config,
                       "there is no function " + options.function + " in " + options.config_path});
    wanted = *found;
  }
  auto given = event_of(options);
  if (!given) return complain(given.error());
  auto plugin = session.plugins.plugin(wanted.native, wanted.folder);
  if (!plugin) return complain(plugin.error());
  NativeHost host{.now = &steady_now,
                  .log = &offline.log(),
                  .read_row = {},
                  .scan_rows = {},
                  .memory_bytes_max = wanted.memory.value,
                  .function = options.function};
  const Instant cold = steady_now();
  const auto function = make_function(wanted, *plugin, std::move(host));
  if (!function) return complain(function.error());
  const Instant warm = steady_now();

  const auto read_object = [&](const Event&, std::uint64_t bytes_max) -> Result<Bytes> {
    if ((*given)->object.size() > bytes_max)
      return fail(Fault::bad_event, "the object is larger than the function takes");
    return Bytes::forever((*given)->object);
  };
  const Request request{.events = {&(*given)->event, 1},
                        .request_id = "invoke-1",
                        .attempt = 1,
                        .timeout = wanted.timeout,
                        .seed = 1,
                        .read_object = read_object};
  const Answer answer = (*function)->invoke(request);
  const auto took = std::chrono::duration_cast<Duration>(steady_now() - warm);
  json::object out = shown(answer, (*function)->traits(), took);
  out["init_microseconds"] = std::chrono::duration_cast<Duration>(warm - cold).count();
  fmt::print("{}\n", json::serialize(out));
  return answer.error || !answer.failures.empty() ? exit_code::failed : exit_code::done;
}

}  // namespace

void add_invoke(CLI::App& app, Session& session) {
  auto options = std::make_shared<InvokeOptions>();
  CLI::App* command =
      app.add_subcommand("invoke", "Invoke a function once, locally: its response and timings");
  command->add_option("FUNCTION", options->function, "A function of the file, or a plugin's name")
      ->required();
  command->add_option("--config", options->config_path, "Pipeline file that configures it");
  CLI::Option* event =
      command->add_option("--event", options->event_path, "A CloudEvent or any JSON; - for stdin");
  command->add_option("--sample", options->sample, "A ready-made event: s3-put")
      ->check(CLI::IsMember({"s3-put"}))
      ->excludes(event);
  command->add_option("--object", options->object_path, "File that is the object of the event");
  command->footer(
      "Examples:\n"
      "  tidemill invoke thumbnail --config pipelines/thumbnails.yaml --object photo.jpg\n"
      "  echo '{\"data\": {\"n\": 1}}' | tidemill invoke passthrough --event -");
  command->callback([&session, options] { session.exit_code = invoke(session, *options); });
}

}  // namespace tidemill::app
