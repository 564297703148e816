-- What wrk sends: 500 bytes each. With DELAY each connection pauses so long before a request.
wrk.method = "POST"
wrk.body = string.rep("x", 500)
wrk.headers["Content-Type"] = "application/json"

local pause = tonumber(os.getenv("DELAY") or "")
if pause then
  function delay() return pause end
end
