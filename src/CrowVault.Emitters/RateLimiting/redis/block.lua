if redis.call('GET', KEYS[1]) == 'blocked' then return { -1, redis.call('PTTL', KEYS[1]) } end
