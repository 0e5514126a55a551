import { answerErrors, limitsOf } from '@/resilience/ingress';
import { upstreams } from '@/resilience/upstreams';

export const PUT = answerErrors(async (request: Request) => {
  const handedOn = new Request(`${process.env.UPSTREAM}/upload`, request);
  const answer = await upstreams.upload.fetch('upload.put', handedOn, {}, limitsOf(request));
  return new Response(answer.body, { status: answer.status });
});
