/* A function that answers against the rules, in the way its one option names. */
#include <string.h>
#include <tidemill/function_abi.h>

#define TEXT(literal) {literal, sizeof(literal) - 1}

/* An effect and a failure of a later minor version: larger than this one's. */
struct wide_effect {
  tidemill_effect effect;
  char later[24];
};

struct rogue {
  char mode[32];
  tidemill_response response;
  struct wide_effect effects[2];
  tidemill_failure failure;
};

static struct rogue instance;
static void* kept; /* What mode "leak" holds on to. */

static int mode_is(const char* mode) { return strcmp(instance.mode, mode) == 0; }

static uint32_t create(const tidemill_pair* options, size_t option_count, void** made,
                       tidemill_slice* error) {
  static const char text[] = "later, please";
  memset(&instance, 0, sizeof instance);
  if (option_count == 1 && options[0].value.size < sizeof instance.mode)
    memcpy(instance.mode, options[0].value.data, options[0].value.size);
  if (mode_is("create_later")) {
    error->data = text;
    error->size = sizeof text - 1;
    return TIDEMILL_RETRY;
  }
  if (mode_is("create_null")) return TIDEMILL_OK;
  *made = &instance;
  return TIDEMILL_OK;
}

static void destroy(void* made) { (void)made; }

static const tidemill_response* handle(void* made, const tidemill_request* request) {
  struct rogue* r = made;
  tidemill_response* response = &r->response;
  tidemill_effect* effect = &r->effects[0].effect;
  memset(response, 0, sizeof *response);
  memset(r->effects, 0, sizeof r->effects);
  memset(&r->failure, 0, sizeof r->failure);
  response->size = sizeof *response;
  response->effects = effect;
  response->effect_count = 2;
  response->effect_stride = sizeof r->effects[0];
  response->failures = &r->failure;
  response->failure_stride = sizeof r->failure;
  r->failure.size = sizeof r->failure;
  r->failure.fault = TIDEMILL_RETRY;
  for (size_t i = 0; i < 2; ++i) {
    r->effects[i].effect.size = sizeof r->effects[i];
    r->effects[i].effect.kind = TIDEMILL_PUT_ROW;
    memset(r->effects[i].later, 0xff, sizeof r->effects[i].later);
  }
  if (mode_is("no_response")) return NULL;
  if (mode_is("small_response")) response->size = 8;
  if (mode_is("status")) response->status = 99;
  if (mode_is("event")) effect->event_index = 77;
  if (mode_is("output")) effect->output = 5;
  if (mode_is("kind")) effect->kind = 7;
  if (mode_is("wrong_output")) effect->kind = TIDEMILL_PUT_OBJECT;
  if (mode_is("merge")) {
    effect->kind = TIDEMILL_MERGE_ROW;
    effect->merge = 6;
  }
  if (mode_is("metadata")) effect->metadata_count = 1u << 30;
  if (mode_is("slice")) effect->data.size = 10;
  if (mode_is("stride")) response->effect_stride = 4;
  if (mode_is("no_effects")) response->effects = NULL;
  if (mode_is("small_effect")) effect->size = 16;
  if (mode_is("failure_event") || mode_is("failure_fault")) response->failure_count = 1;
  if (mode_is("failure_event")) r->failure.event_index = 3;
  if (mode_is("failure_fault")) r->failure.fault = 8;
  if (mode_is("leak")) kept = request->host->allocate(request->host_context, 100, 8);
  if (mode_is("alignment") && request->host->allocate(request->host_context, 100, 3) != NULL)
    return NULL;
  return response;
}

static void free_response(void* made, const tidemill_response* response) {
  (void)made;
  (void)response;
}

const tidemill_function* tidemill_function_entry(uint32_t abi_major) {
  static const tidemill_output outputs[] = {
      {.size = sizeof(tidemill_output), .kind = TIDEMILL_OUTPUT_ROWS, .name = TEXT("rows")}};
  static const tidemill_option options[] = {
      {.size = sizeof(tidemill_option), .type = 1, .name = TEXT("mode")}};
  static const tidemill_function table = {.size = sizeof(tidemill_function),
                                          .abi_major = TIDEMILL_ABI_MAJOR,
                                          .name = TEXT("rogue"),
                                          .outputs = outputs,
                                          .output_count = 1,
                                          .output_stride = sizeof(tidemill_output),
                                          .options = options,
                                          .option_count = 1,
                                          .option_stride = sizeof(tidemill_option),
                                          .create = create,
                                          .destroy = destroy,
                                          .handle = handle,
                                          .free_response = free_response};
  return abi_major == TIDEMILL_ABI_MAJOR ? &table : NULL;
}
