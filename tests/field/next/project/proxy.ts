import { NextResponse } from 'next/server';
import type { NextRequest } from 'next/server';
import { answerErrors, limitsOf } from '@/resilience/ingress';
import { upstreams } from '@/resilience/upstreams';

export const proxy = answerErrors(async (request: NextRequest) => {
  const id = request.nextUrl.searchParams.get('proxy');
  if (id === null) {
    return NextResponse.next();
  }
  const answer = await upstreams.proxy.fetch('proxy.get', `${process.env.UPSTREAM}/${id}`, {}, limitsOf(request));
  return new NextResponse(await answer.text(), { status: answer.status });
});
