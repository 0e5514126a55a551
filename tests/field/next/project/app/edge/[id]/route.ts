import { answerErrors, limitRequests, limitsOf } from '@/resilience/ingress';
import { upstreams } from '@/resilience/upstreams';

const limit = limitRequests();

export const GET = answerErrors((request: Request, context: { params: Promise<{ id: string }> }) =>
  limit(request, async () => {
    const { id } = await context.params;
    const answer = await upstreams.edge.fetch('edge.get', `${process.env.UPSTREAM}/${id}`, {}, limitsOf(request));
    const headers = { 'Content-Type': answer.headers.get('Content-Type') ?? 'text/plain' };
    return new Response(answer.body, { status: answer.status, headers });
  }),
);

export const runtime = 'edge';
