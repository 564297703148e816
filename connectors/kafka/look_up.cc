#include "look_up.h"

#include <utility>

namespace tidemill::kafka {
namespace {

constexpr int answer_within_ms = 5'000;
constexpr int commit_within_ms = 3'000;

std::unexpected<Error> failed(const char* what, rd_kafka_resp_err_t error) {
  return fail(Fault::transient, std::string(what) + ": " + rd_kafka_err2str(error));
}

}  // namespace

Result<std::vector<Known>> look_up(const std::shared_ptr<Client>& client,
                                   const rd_kafka_topic_partition_list_t& partitions,
                                   const StartRule& start, const std::string& engine_id) {
  rd_kafka_t* const kafka = client->get();
  std::vector<Known> all(static_cast<std::size_t>(partitions.cnt));
  const Offsets group(rd_kafka_topic_partition_list_copy(&partitions));
  if (auto error = rd_kafka_committed(kafka, group.get(), answer_within_ms); error)
    return failed("the group's offsets", error);
  const Offsets times(rd_kafka_topic_partition_list_copy(&partitions));
  for (int i = 0; i < times->cnt; ++i) times->elems[i].offset = start.since_epoch.count();
  if (start.at == StartRule::At::instant)
    if (auto error = rd_kafka_offsets_for_times(kafka, times.get(), answer_within_ms); error)
      return failed("the offsets of an instant", error);
  for (int i = 0; i < partitions.cnt; ++i) {
    const auto& one = group->elems[i];
    Known& known = all[static_cast<std::size_t>(i)];
    if (one.err) return failed("the group's offsets", one.err);
    if (one.offset >= 0) known.group = one.offset;
    if (one.offset >= 0 && one.metadata != nullptr)
      known.group_is_ours = is_mark_of(
          std::string_view(static_cast<const char*>(one.metadata), one.metadata_size), engine_id);
    if (auto error = rd_kafka_query_watermark_offsets(kafka, one.topic, one.partition, &known.begin,
                                                      &known.end, answer_within_ms);
        error)
      return failed("the first and last offset", error);
    known.start = known.begin;
    if (start.at == StartRule::At::latest) known.start = known.end;
    if (start.at == StartRule::At::instant) {
      const auto& found = times->elems[i];
      if (found.err) return failed("the offsets of an instant", found.err);
      known.start = found.offset < 0 ? known.end : found.offset;
    }
  }
  return all;
}

bool ask_leaders(const std::shared_ptr<Client>& client,
                 const rd_kafka_topic_partition_list_t& partitions) {
  const Offsets ends(rd_kafka_topic_partition_list_copy(&partitions));
  for (int i = 0; i < ends->cnt; ++i) ends->elems[i].offset = RD_KAFKA_OFFSET_END;
  return rd_kafka_offsets_for_times(client->get(), ends.get(), answer_within_ms) ==
         RD_KAFKA_RESP_ERR_NO_ERROR;
}

Result<> commit(const std::shared_ptr<Client>& client,
                const rd_kafka_topic_partition_list_t& offsets) {
  const Queue answers(rd_kafka_queue_new(client->get()));
  const auto sent = rd_kafka_commit_queue(client->get(), &offsets, answers.get(), nullptr, nullptr);
  if (sent) return failed("offsets are not committed", sent);
  const EventHandle answer(rd_kafka_queue_poll(answers.get(), commit_within_ms));
  if (!answer) return fail(Fault::transient, "offsets are not committed: no answer");
  if (const auto error = rd_kafka_event_error(answer.get()); error)
    return failed("offsets are not committed", error);
  return {};
}

}  // namespace tidemill::kafka
