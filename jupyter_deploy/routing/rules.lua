-- What Envoy has no setting for: keys compared in constant time, Azure ML's status for what a model answers, and errors
-- as JSON. A route's metadata has the endpoint's name, its keys (none: all clients may), and what those are called.
local bit = require("bit")

-- The time depends on the length of what was given, and on nothing else of either text.
local function same(given, key)
  local difference = bit.bxor(#given, #key)
  for i = 1, #given do
    difference = bit.bor(difference, bit.bxor(given:byte(i), key:byte((i - 1) % #key + 1)))
  end
  return difference == 0
end

local function refuse(handle, message)
  handle:respond(
    {[":status"] = "401", ["www-authenticate"] = "Bearer", ["content-type"] = "application/json"},
    '{"message":"' .. message .. '"}'
  )
end

local PAIR = " What was sent is a tuple as Python prints it: pass its first item alone."

local function said_of_pair(given)
  if given:match("^%(") or given:match("^Token%(") or given:match("^Keys%(") then
    return PAIR
  end
  return ""
end

function envoy_on_request(handle)
  local keys = handle:metadata():get("keys")
  if keys == nil then
    return
  end
  local header = handle:headers():get("authorization")
  if header == nil then
    return refuse(handle, "This endpoint needs a key, sent as the header 'Authorization: Bearer <key>'.")
  end
  local scheme, given = header:match("^%s*(%S+)%s+(.-)%s*$")
  if scheme == nil or scheme:lower() ~= "bearer" or given == "" then
    return refuse(handle, "The header Authorization must be 'Bearer <key>'.")
  end
  -- Always both, so that the time does not tell which of them it was.
  local first, second = same(given, keys[1]), same(given, keys[2])
  if not (first or second) then
    local message = "The key in the header Authorization is not one of this endpoint's keys."
    return refuse(handle, message .. said_of_pair(given))
  end
end

local TOKEN = {
  ["Jwt is missing"] = "This endpoint needs a token, sent as the header 'Authorization: Bearer <token>'.",
  ["Jwt is expired"] = "The token has expired; get_token() returns a new one.",
  ["Audiences in Jwt are not allowed"] = "The token is for another endpoint or service.",
  ["Jwt not yet valid"] = "The token is not valid yet: the clocks of the two machines differ.",
  ["Jwt verification fails"] = "The token is for another endpoint, or its signature is not valid.",
}

local LOCAL = {
  ["overflow"] = {"429", "The deployment has as many requests as it takes at once. Try again later."},
  ["timeout"] = {"408", "The request took longer than the deployment's request_timeout_ms."},
}

-- Reading the body lets go of the headers that were taken before it.
local function explained(handle, status, message)
  local body = handle:body(true)
  local size = body:setBytes('{"message":"' .. message .. '"}')
  local headers = handle:headers()
  headers:replace(":status", status)
  headers:replace("content-type", "application/json")
  headers:replace("content-length", tostring(size))
end

local function refused_token(handle)
  local body = handle:body(true)
  local text = body:getBytes(0, body:length())
  handle:headers():replace("www-authenticate", "Bearer")
  explained(handle, "401", TOKEN[text] or "The header Authorization holds no valid token of this endpoint.")
end

-- No deployment has answered.
local function answered_here(handle, headers)
  local status, said = headers:get(":status"), headers:get("x-router-says")
  headers:remove("x-router-says")
  if status == "401" or (status == "403" and headers:get("www-authenticate")) then
    headers:remove("azureml-model-deployment")
    if headers:get("content-type") ~= "application/json" then
      refused_token(handle)
    end
  elseif status == "503" and headers:get("x-envoy-overloaded") then
    headers:remove("x-envoy-overloaded")
    explained(handle, LOCAL.overflow[1], LOCAL.overflow[2])
  elseif status == "504" then
    explained(handle, LOCAL.timeout[1], LOCAL.timeout[2])
  elseif status == "503" and said == nil then
    local who = headers:get("azureml-model-deployment")
    explained(handle, "503", (who and "Deployment " .. who or "The deployment") .. " has no instance that answers.")
  end
end

-- What an instance's server itself answers, and not its model.
local OWN = {["401"] = true, ["408"] = true, ["413"] = true, ["429"] = true, ["431"] = true, ["503"] = true}

function envoy_on_response(handle)
  local headers = handle:headers()
  if headers:get("x-envoy-upstream-service-time") == nil then
    return answered_here(handle, headers)
  end
  headers:remove("x-envoy-upstream-service-time")
  local status = headers:get(":status")
  if tonumber(status) < 400 then
    return
  end
  -- run() was called where its time is told.
  if OWN[status] and headers:get("x-ms-run-fn-exec-ms") == nil then
    return
  end
  headers:replace("ms-azureml-model-error-statuscode", status)
  headers:replace(":status", "424")
end
